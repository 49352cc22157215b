CREATE TYPE "public"."access" AS ENUM('public', 'hidden', 'private', 'password');--> statement-breakpoint
CREATE TYPE "public"."gallery_state" AS ENUM('found', 'planned', 'waiting', 'copying', 'verified', 'published', 'attention');--> statement-breakpoint
CREATE TYPE "public"."photo_kind" AS ENUM('photo', 'video', 'file');--> statement-breakpoint
CREATE TYPE "public"."photo_state" AS ENUM('listed', 'stored', 'rendered', 'published', 'skipped', 'failed');--> statement-breakpoint
CREATE TYPE "public"."run_kind" AS ENUM('migration', 'upload');--> statement-breakpoint
CREATE TYPE "public"."run_state" AS ENUM('surveying', 'planned', 'running', 'paused', 'blocked', 'done', 'done_with_problems', 'cancelled', 'failed');--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"password" text,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "assets" (
	"client_id" uuid NOT NULL,
	"sha256" "bytea" NOT NULL,
	"bytes" bigint NOT NULL,
	"content_type" text NOT NULL,
	"width" integer,
	"height" integer,
	"rendition_code" text,
	"stored_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "assets_client_id_sha256_pk" PRIMARY KEY("client_id","sha256")
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"photo_id" bigint NOT NULL,
	"attempt" smallint NOT NULL,
	"step" text NOT NULL,
	"code" text NOT NULL,
	"detail" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"act" text NOT NULL,
	"client_id" uuid,
	"subject" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"previous" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clients" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"email" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "clients_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" uuid NOT NULL,
	"gallery_id" bigint,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"actor" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "favourites" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "favourites_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"client_id" uuid NOT NULL,
	"source_id" uuid,
	"run_id" uuid NOT NULL,
	"gallery_ref" text,
	"ref" text NOT NULL,
	"name" text NOT NULL,
	"owner" text,
	"photo_refs" jsonb,
	CONSTRAINT "favourites_ref" UNIQUE NULLS NOT DISTINCT("client_id","source_id","gallery_ref","ref")
);
--> statement-breakpoint
CREATE TABLE "folders" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "folders_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"client_id" uuid NOT NULL,
	"source_id" uuid NOT NULL,
	"ref" text NOT NULL,
	"parent_id" bigint,
	"title" text NOT NULL,
	"description" text,
	"position" integer NOT NULL,
	"access" "access",
	CONSTRAINT "folders_ref" UNIQUE("source_id","ref")
);
--> statement-breakpoint
CREATE TABLE "galleries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "galleries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"public_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"client_id" uuid NOT NULL,
	"source_id" uuid,
	"run_id" uuid NOT NULL,
	"folder_id" bigint,
	"ref" text NOT NULL,
	"title" text NOT NULL,
	"description" text,
	"date" text,
	"expires_at" text,
	"access" "access",
	"password_known" boolean DEFAULT true NOT NULL,
	"password" "bytea",
	"password_hint" text,
	"cover_ref" text,
	"position" integer NOT NULL,
	"ordinal" integer NOT NULL,
	"virtual" boolean DEFAULT false NOT NULL,
	"state" "gallery_state" DEFAULT 'found' NOT NULL,
	"code" text,
	"waiting_since" timestamp with time zone,
	"ask_again_at" timestamp with time zone,
	"stated_count" integer,
	"stated_bytes" bigint,
	"change_token" text,
	"extra" jsonb,
	"cursor" text,
	"tries" smallint DEFAULT 0 NOT NULL,
	"listed_at" timestamp with time zone,
	"built_at" timestamp with time zone,
	"verified_at" timestamp with time zone,
	"published_at" timestamp with time zone,
	"total" integer DEFAULT 0 NOT NULL,
	"listed" integer DEFAULT 0 NOT NULL,
	"stored" integer DEFAULT 0 NOT NULL,
	"rendered" integer DEFAULT 0 NOT NULL,
	"published" integer DEFAULT 0 NOT NULL,
	"skipped" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"degraded" integer DEFAULT 0 NOT NULL,
	"bytes_found" bigint DEFAULT 0 NOT NULL,
	"bytes_stored" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "galleries_public_id_unique" UNIQUE("public_id"),
	CONSTRAINT "galleries_ref" UNIQUE NULLS NOT DISTINCT("client_id","source_id","ref"),
	CONSTRAINT "galleries_total" CHECK ("galleries"."total" = "galleries"."listed" + "galleries"."stored" + "galleries"."rendered" + "galleries"."published" + "galleries"."skipped" + "galleries"."failed")
);
--> statement-breakpoint
CREATE TABLE "host_budgets" (
	"host" text NOT NULL,
	"lane" text NOT NULL,
	"rate" double precision NOT NULL,
	"least" double precision NOT NULL,
	"most" double precision NOT NULL,
	"tokens" double precision NOT NULL,
	"refilled_at" timestamp with time zone DEFAULT now() NOT NULL,
	"blocked_until" timestamp with time zone,
	"reason" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"paused" boolean DEFAULT false NOT NULL,
	CONSTRAINT "host_budgets_host_lane_pk" PRIMARY KEY("host","lane")
);
--> statement-breakpoint
CREATE TABLE "photos" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "photos_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"public_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"client_id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"gallery_id" bigint NOT NULL,
	"ref" text NOT NULL,
	"kind" "photo_kind" NOT NULL,
	"filename" text,
	"caption" text,
	"keywords" text[] DEFAULT '{}' NOT NULL,
	"taken_at" text,
	"stated_bytes" bigint,
	"width" integer,
	"height" integer,
	"access" "access",
	"star" boolean,
	"handle" jsonb,
	"change_token" text,
	"extra" jsonb,
	"state" "photo_state" DEFAULT 'listed' NOT NULL,
	"step" text,
	"code" text,
	"rendition" text,
	"is_original" boolean DEFAULT true NOT NULL,
	"sha256" "bytea",
	"bytes" bigint,
	"content_type" text,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"next_try_at" timestamp with time zone,
	"job_id" uuid
);
--> statement-breakpoint
CREATE TABLE "placements" (
	"set_id" bigint NOT NULL,
	"photo_id" bigint NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "placements_set_id_photo_id_pk" PRIMARY KEY("set_id","photo_id")
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"id" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"count" integer NOT NULL,
	"last_request" bigint NOT NULL,
	CONSTRAINT "rate_limits_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "renditions" (
	"client_id" uuid NOT NULL,
	"sha256" "bytea" NOT NULL,
	"hash" text NOT NULL,
	"extension" text NOT NULL,
	"content_type" text NOT NULL,
	"bytes" integer NOT NULL,
	"file_sha256" "bytea" NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"level" text NOT NULL,
	CONSTRAINT "renditions_client_id_sha256_hash_pk" PRIMARY KEY("client_id","sha256","hash")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"client_id" uuid NOT NULL,
	"source_id" uuid,
	"kind" "run_kind" NOT NULL,
	"state" "run_state" NOT NULL,
	"resume_to" "run_state",
	"code" text,
	"todo" text,
	"state_by" text,
	"state_at" timestamp with time zone DEFAULT now() NOT NULL,
	"tries" smallint DEFAULT 0 NOT NULL,
	"auto_start" boolean DEFAULT false NOT NULL,
	"renditions" jsonb NOT NULL,
	"only_refs" jsonb,
	"plan" jsonb,
	"fields" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"totals" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "samples" (
	"run_id" uuid NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"found" integer NOT NULL,
	"stored" integer NOT NULL,
	"rendered" integer NOT NULL,
	"settled" integer NOT NULL,
	"bytes" bigint NOT NULL,
	CONSTRAINT "samples_run_id_at_pk" PRIMARY KEY("run_id","at")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"user_id" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sessions_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "sets" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sets_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"gallery_id" bigint NOT NULL,
	"ref" text,
	"parent_ref" text,
	"title" text NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "sets_ref" UNIQUE NULLS NOT DISTINCT("gallery_id","ref")
);
--> statement-breakpoint
CREATE TABLE "sources" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"client_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"account_key" text NOT NULL,
	"title" text NOT NULL,
	"endpoints" jsonb NOT NULL,
	"credentials" "bytea",
	"session" "bytea",
	"session_generation" integer DEFAULT 0 NOT NULL,
	"health" text DEFAULT 'untested' NOT NULL,
	"todo" text,
	"checked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sources_account" UNIQUE("client_id","provider","account_key")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"role" text DEFAULT 'staff' NOT NULL,
	"client_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "verifications" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"group" text NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"version" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"resident_bytes" bigint DEFAULT 0 NOT NULL,
	"jobs" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "favourites" ADD CONSTRAINT "favourites_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "folders" ADD CONSTRAINT "folders_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "folders" ADD CONSTRAINT "folders_parent" FOREIGN KEY ("parent_id") REFERENCES "public"."folders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "galleries" ADD CONSTRAINT "galleries_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "galleries" ADD CONSTRAINT "galleries_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "galleries" ADD CONSTRAINT "galleries_folder_id_folders_id_fk" FOREIGN KEY ("folder_id") REFERENCES "public"."folders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "photos" ADD CONSTRAINT "photos_gallery_id_galleries_id_fk" FOREIGN KEY ("gallery_id") REFERENCES "public"."galleries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "placements" ADD CONSTRAINT "placements_set_id_sets_id_fk" FOREIGN KEY ("set_id") REFERENCES "public"."sets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "placements" ADD CONSTRAINT "placements_photo_id_photos_id_fk" FOREIGN KEY ("photo_id") REFERENCES "public"."photos"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "samples" ADD CONSTRAINT "samples_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sets" ADD CONSTRAINT "sets_gallery_id_galleries_id_fk" FOREIGN KEY ("gallery_id") REFERENCES "public"."galleries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sources" ADD CONSTRAINT "sources_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "accounts_user" ON "accounts" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "attempts_photo" ON "attempts" USING btree ("photo_id","at");--> statement-breakpoint
CREATE INDEX "events_run" ON "events" USING btree ("run_id","id");--> statement-breakpoint
CREATE INDEX "galleries_run" ON "galleries" USING btree ("run_id","ordinal");--> statement-breakpoint
CREATE UNIQUE INDEX "photos_public_id" ON "photos" USING btree ("public_id");--> statement-breakpoint
CREATE UNIQUE INDEX "photos_ref" ON "photos" USING btree ("gallery_id","ref",(kind = 'file'));--> statement-breakpoint
CREATE INDEX "photos_unsettled" ON "photos" USING btree ("run_id","state","job_id") WHERE state in ('listed', 'stored');--> statement-breakpoint
CREATE INDEX "photos_troubled" ON "photos" USING btree ("run_id","code","id") WHERE code is not null;--> statement-breakpoint
CREATE INDEX "runs_client" ON "runs" USING btree ("client_id","created_at");--> statement-breakpoint
CREATE INDEX "runs_state" ON "runs" USING btree ("state");--> statement-breakpoint
CREATE UNIQUE INDEX "runs_one_open_per_source" ON "runs" USING btree ("source_id") WHERE state in ('surveying', 'planned', 'running', 'paused', 'blocked');--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");