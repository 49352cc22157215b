CREATE TABLE "key_minutes" (
	"key" varchar(255) PRIMARY KEY NOT NULL,
	"points" integer DEFAULT 0 NOT NULL,
	"expire" bigint
);
--> statement-breakpoint
ALTER TABLE "key_budgets" DROP COLUMN "tokens";--> statement-breakpoint
ALTER TABLE "key_budgets" DROP COLUMN "refilled_at";