/** What no checked route can beat: Hono on Node with the one read of a session and its account, and nothing else. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { FileDatabase } from "../worker/store/file-database.ts";

const database = await FileDatabase.open(`file:${process.argv[2]}`);
const app = new Hono();
app.get("/bare/:hash", async (c) => {
	const row = await database.read
		.selectFrom("sessions")
		.innerJoin("accounts", "accounts.id", "sessions.account_id")
		.select(["sessions.id", "sessions.account_id", "proved_at", "last_used_day", "expires_at"])
		.select(["email", "full_name", "state", "language"])
		.where("jti_hash", "=", c.req.param("hash"))
		.where("expires_at", ">", Date.now())
		.where("accounts.state", "not in", ["leaving", "erased"])
		.executeTakeFirst();
	return row ? c.json({ account: row }) : c.json({}, 401);
});
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.argv[3]) }, () => console.log("listening"));
process.on("SIGTERM", () => process.exit(0));
