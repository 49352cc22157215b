DROP INDEX "galleries_attention";--> statement-breakpoint
CREATE INDEX "galleries_thawing" ON "galleries" USING btree ("run_id") WHERE state = 'waiting';