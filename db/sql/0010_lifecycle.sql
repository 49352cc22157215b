ALTER TYPE "public"."photo_state" ADD VALUE 'deleted';--> statement-breakpoint
CREATE TABLE "deletions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"client_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"title" text,
	"photos" integer NOT NULL,
	"asked_by" text NOT NULL,
	"asked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"restored_by" text,
	"restored_at" timestamp with time zone,
	"begun_at" timestamp with time zone,
	"done_at" timestamp with time zone,
	"objects" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "removals" (
	"key" text PRIMARY KEY NOT NULL,
	"client_id" uuid NOT NULL,
	"deletion_id" uuid NOT NULL,
	"sha256" "bytea",
	"hash" text
);
--> statement-breakpoint
CREATE TABLE "retention" (
	"client_id" uuid PRIMARY KEY NOT NULL,
	"infrequent_after" integer,
	"archive_after" integer,
	"originals_after" integer,
	"unfinished_after" integer NOT NULL,
	"grace" integer NOT NULL,
	"updated_by" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "removed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "deletion_id" uuid;--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "deletion_id" uuid;--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "deletion_id" uuid;--> statement-breakpoint
ALTER TABLE "photos" ADD COLUMN "deleted_from" "photo_state";--> statement-breakpoint
ALTER TABLE "retention" ADD CONSTRAINT "retention_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "deletions_client" ON "deletions" USING btree ("client_id","asked_at");--> statement-breakpoint
CREATE INDEX "deletions_open" ON "deletions" USING btree ("due_at") WHERE restored_at is null and done_at is null;--> statement-breakpoint
CREATE INDEX "removals_deletion" ON "removals" USING btree ("deletion_id");--> statement-breakpoint
CREATE INDEX "photos_deleted" ON "photos" USING btree ("deletion_id","id") WHERE deletion_id is not null;--> statement-breakpoint
CREATE INDEX "photos_original" ON "photos" USING btree ("client_id","sha256") WHERE sha256 is not null;--> statement-breakpoint
CREATE INDEX "photos_replaced" ON "photos" USING btree ("client_id","replaced_sha256") WHERE replaced_sha256 is not null;