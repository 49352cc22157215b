CREATE TABLE "host_minutes" (
	"host" text NOT NULL,
	"lane" text NOT NULL,
	"minute" timestamp with time zone NOT NULL,
	"provider" text,
	"requests" integer NOT NULL,
	"limited" integer NOT NULL,
	"refused" integer NOT NULL,
	"failed" integer NOT NULL,
	"took" integer[] NOT NULL,
	"rate" double precision,
	CONSTRAINT "host_minutes_host_lane_minute_pk" PRIMARY KEY("host","lane","minute")
);
--> statement-breakpoint
CREATE TABLE "provider_stops" (
	"provider" text PRIMARY KEY NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"note" text
);
--> statement-breakpoint
CREATE TABLE "queue_pauses" (
	"queue" text PRIMARY KEY NOT NULL,
	"by" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"note" text
);
--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "state" text DEFAULT 'working' NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "drain_by" text;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "drain_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "work" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "ended" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
CREATE INDEX "host_minutes_minute" ON "host_minutes" USING btree ("minute");--> statement-breakpoint
CREATE INDEX "audit_at" ON "audit" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "audit_actor" ON "audit" USING btree ("actor","at","id");--> statement-breakpoint
CREATE INDEX "audit_act" ON "audit" USING btree ("act","at","id");--> statement-breakpoint
CREATE INDEX "audit_client" ON "audit" USING btree ("client_id","at","id");--> statement-breakpoint
CREATE INDEX "audit_subject" ON "audit" USING btree ("subject","at","id");--> statement-breakpoint
CREATE INDEX "galleries_attention" ON "galleries" USING btree ("id") WHERE state = 'attention';--> statement-breakpoint
CREATE INDEX "photos_failed" ON "photos" USING btree ("step") WHERE state = 'failed';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_state" ON "webhook_deliveries" USING btree ("state","created_at","id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_at" ON "webhook_deliveries" USING btree ("created_at","id");