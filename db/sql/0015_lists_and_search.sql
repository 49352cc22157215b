CREATE TABLE "saved_views" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" text NOT NULL,
	"name" text NOT NULL,
	"query" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "saved_views_name" UNIQUE("user_id","name")
);
--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "assigned_to" text;--> statement-breakpoint
ALTER TABLE "saved_views" ADD CONSTRAINT "saved_views_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "galleries_attention_run" ON "galleries" USING btree ("run_id") WHERE state = 'attention';--> statement-breakpoint
CREATE INDEX "galleries_words" ON "galleries" USING gin (to_tsvector('simple', translate(title, '/_-.@&:,', '        ')));--> statement-breakpoint
CREATE INDEX "galleries_by_ref" ON "galleries" USING btree ("ref");--> statement-breakpoint
CREATE INDEX "galleries_old_address" ON "galleries" USING btree (lower(extra->>'publicUrl') text_pattern_ops) WHERE extra->>'publicUrl' is not null;--> statement-breakpoint
CREATE INDEX "photos_filename" ON "photos" USING btree (lower(filename) text_pattern_ops) WHERE filename is not null;--> statement-breakpoint
CREATE INDEX "runs_newest" ON "runs" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "runs_changed" ON "runs" USING btree ("state_at","id");--> statement-breakpoint
CREATE INDEX "runs_source" ON "runs" USING btree ("source_id","created_at");--> statement-breakpoint
CREATE INDEX "runs_staff" ON "runs" USING btree ((coalesce(assigned_to, created_by)),"created_at");