CREATE TABLE "connections" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"session_id" text NOT NULL,
	"client_id" uuid NOT NULL,
	"source_id" uuid,
	"provider" text NOT NULL,
	"endpoints" jsonb NOT NULL,
	"app_id" text NOT NULL,
	"redirect_uri" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "galleries" ADD COLUMN "thaw_usual_hours" double precision;--> statement-breakpoint
ALTER TABLE "host_budgets" ADD COLUMN "provider" text;--> statement-breakpoint
ALTER TABLE "host_budgets" ADD COLUMN "set_by" text;--> statement-breakpoint
ALTER TABLE "host_budgets" ADD COLUMN "set_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "waited_seconds" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "waits_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "given_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "offered" "bytea";--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "offered_hash" text;--> statement-breakpoint
ALTER TABLE "connections" ADD CONSTRAINT "connections_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connections" ADD CONSTRAINT "connections_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;