CREATE TABLE "deleted_images" (
	"public_id" uuid PRIMARY KEY NOT NULL,
	"client_id" uuid NOT NULL,
	"deleted_at" timestamp with time zone DEFAULT now() NOT NULL
);
