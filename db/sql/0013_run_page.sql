CREATE TABLE "cause_notes" (
	"run_id" uuid NOT NULL,
	"code" text NOT NULL,
	"state" text NOT NULL,
	"decision" text NOT NULL,
	"until" timestamp with time zone,
	"until_count" integer,
	"photos" integer NOT NULL,
	"note" text,
	"decided_by" text NOT NULL,
	"decided_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cause_notes_run_id_code_state_pk" PRIMARY KEY("run_id","code","state")
);
--> statement-breakpoint
CREATE TABLE "gallery_proofs" (
	"gallery_id" bigint PRIMARY KEY NOT NULL,
	"version" text NOT NULL,
	"tally" jsonb NOT NULL,
	"root" text NOT NULL,
	"differences" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "capture_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "cause_notes" ADD CONSTRAINT "cause_notes_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gallery_proofs" ADD CONSTRAINT "gallery_proofs_gallery_id_galleries_id_fk" FOREIGN KEY ("gallery_id") REFERENCES "public"."galleries"("id") ON DELETE cascade ON UPDATE no action;