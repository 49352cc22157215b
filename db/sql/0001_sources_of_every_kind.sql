CREATE TABLE "survey_pages" (
	"run_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"folders" jsonb NOT NULL,
	"galleries" jsonb NOT NULL,
	"next" text,
	CONSTRAINT "survey_pages_run_id_number_pk" PRIMARY KEY("run_id","number")
);
--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "archived" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "thaw_ticket" jsonb;--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "expected_count" integer;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "account" jsonb;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "account_ref" text;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "given_hash" text;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "session_ends_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "survey_pages" ADD CONSTRAINT "survey_pages_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;