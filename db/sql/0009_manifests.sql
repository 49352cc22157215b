CREATE TABLE "manifests" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"client_id" uuid NOT NULL,
	"layout" jsonb NOT NULL,
	"origin" text,
	"target_id" bigint,
	"target_from" integer DEFAULT 0 NOT NULL,
	"complete_at" timestamp with time zone,
	"duplicates" integer DEFAULT 0 NOT NULL,
	"duplicate_bytes" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "manifests" ADD CONSTRAINT "manifests_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "manifests" ADD CONSTRAINT "manifests_target_id_galleries_id_fk" FOREIGN KEY ("target_id") REFERENCES "public"."galleries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "manifests_origin" ON "manifests" USING btree ("client_id","origin") WHERE origin is not null;