CREATE TYPE "public"."difference" AS ENUM('new', 'changed', 'moved', 'same', 'gone');--> statement-breakpoint
ALTER TYPE "public"."photo_state" ADD VALUE 'gone';--> statement-breakpoint
CREATE TABLE "run_galleries" (
	"run_id" uuid NOT NULL,
	"ref" text NOT NULL,
	"gallery_id" bigint,
	"ordinal" integer NOT NULL,
	"path" text[] NOT NULL,
	"folder_refs" text[] NOT NULL,
	"title" text NOT NULL,
	"date" text,
	"virtual" boolean NOT NULL,
	"archived" boolean NOT NULL,
	"stated_count" integer,
	"stated_bytes" bigint,
	"here" integer,
	"difference" "difference" NOT NULL,
	"reasons" jsonb NOT NULL,
	"chosen" boolean NOT NULL,
	"covered" boolean DEFAULT false NOT NULL,
	CONSTRAINT "run_galleries_run_id_ref_pk" PRIMARY KEY("run_id","ref")
);
--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "surveyed" jsonb;--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "gone_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "listing" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "gone" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "replaced_sha256" "bytea";--> statement-breakpoint
ALTER TABLE "placements" ADD COLUMN "listing" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "delta_of" uuid;--> statement-breakpoint
ALTER TABLE "sets" ADD COLUMN "listing" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "survey_pages" ADD COLUMN "favourites" jsonb;--> statement-breakpoint
ALTER TABLE "run_galleries" ADD CONSTRAINT "run_galleries_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;