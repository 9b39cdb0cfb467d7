import { createClient } from "@libsql/client";

/**
 * Makes every waiting mail of the database at `path` due, while no worker runs: each death over one put it off for longer,
 * and the worker looks at its outbox as it starts.
 */
export async function makeMailsDue(path: string): Promise<void> {
	const client = createClient({ url: `file:${path}`, timeout: 5000 });
	await client.execute("UPDATE outbox SET next_at = 0 WHERE state = 'waiting'");
	client.close();
}
