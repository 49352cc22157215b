CREATE TABLE "loose_objects" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "loose_objects_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"client_id" uuid NOT NULL,
	"sha256" "bytea" NOT NULL,
	"holder" uuid NOT NULL,
	"held_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "upload_callbacks" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "upload_callbacks_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"client_id" uuid NOT NULL,
	"key_id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"photo_id" bigint,
	"url" text NOT NULL,
	"told_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "wanted_renditions" (
	"photo_id" bigint NOT NULL,
	"name" text NOT NULL,
	"instructions" jsonb NOT NULL,
	"hash" text NOT NULL,
	"code" text,
	CONSTRAINT "wanted_renditions_photo_id_name_pk" PRIMARY KEY("photo_id","name")
);
--> statement-breakpoint
ALTER TABLE "upload_callbacks" ADD CONSTRAINT "upload_callbacks_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "upload_callbacks" ADD CONSTRAINT "upload_callbacks_photo_id_photos_id_fk" FOREIGN KEY ("photo_id") REFERENCES "public"."photos"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wanted_renditions" ADD CONSTRAINT "wanted_renditions_photo_id_photos_id_fk" FOREIGN KEY ("photo_id") REFERENCES "public"."photos"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "loose_objects_key" ON "loose_objects" USING btree ("client_id","sha256");--> statement-breakpoint
CREATE INDEX "loose_objects_holder" ON "loose_objects" USING btree ("holder");--> statement-breakpoint
CREATE INDEX "loose_objects_held" ON "loose_objects" USING btree ("held_until");--> statement-breakpoint
CREATE INDEX "upload_callbacks_due" ON "upload_callbacks" USING btree ("run_id") WHERE told_at is null;