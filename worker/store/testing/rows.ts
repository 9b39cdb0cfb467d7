import { newId } from "@mivisus/wire/ids";

/** An account's row with everything that must be there. For tests. */
export const accountRow = (email = "a", id = newId()) => ({
	id,
	email,
	email_key: email,
	full_name: "N",
	password_hash: "h",
	state: "active" as const,
	language: "en" as const,
	created_at: 1,
});
