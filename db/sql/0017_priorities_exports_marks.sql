CREATE TYPE "public"."run_priority" AS ENUM('first', 'normal', 'last');--> statement-breakpoint
CREATE TABLE "run_exports" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"asked_by" text NOT NULL,
	"asked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"query" jsonb NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"runs" integer,
	"bytes" bigint,
	"key" text,
	"ready_at" timestamp with time zone,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "priority" "run_priority" DEFAULT 'normal' NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "marks" jsonb;--> statement-breakpoint
CREATE INDEX "run_exports_person" ON "run_exports" USING btree ("asked_by","asked_at");--> statement-breakpoint
CREATE INDEX "run_exports_expiry" ON "run_exports" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "runs_prioritised" ON "runs" USING btree ("state") WHERE priority <> 'normal';