import type { Mutation } from "./mutations.ts";

/** Faults of the store that only kills, power cuts, full disks and races bring to light: `npm run break -- worker/store`. */
export const STORE_MUTATIONS: readonly Mutation[] = [
	{
		file: "worker/store/file-database.ts",
		find: "if (told !== error) this.#writer.reconnect();",
		replace: "",
		test: "test/fault/writers.test.ts",
		name: "longer than that",
		why: "one writer that waited in vain keeps all later ones from writing",
	},
	{
		file: "worker/store/file-database.ts",
		find: "			transaction?.close();",
		replace: "",
		test: "test/fault/writers.test.ts",
		name: "before it threw",
		why: "work that failed keeps the lock",
	},
	{
		file: "worker/store/file-database.ts",
		find: '"PRAGMA journal_mode = WAL"',
		replace: '"PRAGMA journal_mode = OFF"',
		test: "test/fault/migrations.test.ts",
		name: "ends anywhere",
		why: "an upgrade that was interrupted leaves a broken file",
	},
	{
		file: "worker/store/file-database.ts",
		find: '	SQLITE_FULL: "The disk is full.",\n',
		replace: "",
		test: "test/fault/storage.test.ts",
		name: "with room again",
		why: "a full disk looks like a fault of ours, and nobody is told to come again",
	},
	{
		file: "worker/store/cameras.ts",
		find: "await revoke(db, [`camera:",
		replace: "await revoke(db, [`other:",
		test: "test/fault/kill.test.ts",
		why: "a camera that is gone is still shown by the relay",
	},
	{
		file: "worker/store/sessions.ts",
		find: '.where("jti_hash", "=", session.jtiHash)',
		replace: '.where("id", "=", session.id)',
		test: "test/fault/model.test.ts",
		why: "of two renewals at once both win, and the loser's browser is signed out",
	},
	{
		file: "worker/store/outbox.ts",
		find: "reset: 10 * 60_000",
		replace: "reset: 11 * 60_000",
		test: "test/fault/model.test.ts",
		why: "a link that was mailed works for longer than is said",
	},
	{
		file: "worker/store/invariants.ts",
		find: 'if (!columns.has("account_id") || !all.get(parent)?.columns.has("account_id")) continue;',
		replace: "continue;",
		test: "worker/store/check.test.ts",
		why: "check-db calls a file sound in which accounts are mixed up",
	},
];
