import type { CountStore } from "../counts/counts.ts";
import type { Database } from "./database.ts";

/** Counters in the database. */
export const countStore = (database: Database): CountStore => ({
	countPage: async (day, path) => {
		await database.write((db) =>
			db
				.insertInto("page_counts")
				.values({ day, path, count: 1 })
				.onConflict((on) =>
					on.columns(["day", "path"]).doUpdateSet((eb) => ({ count: eb("page_counts.count", "+", 1) })),
				)
				.execute(),
		);
	},
	countDownload: async (day, os, file_type) => {
		await database.write((db) =>
			db
				.insertInto("download_counts")
				.values({ day, os, file_type, count: 1 })
				.onConflict((on) =>
					on.columns(["day", "os", "file_type"]).doUpdateSet((eb) => ({ count: eb("download_counts.count", "+", 1) })),
				)
				.execute(),
		);
	},
	pages: async (from, to) =>
		database.read
			.selectFrom("page_counts")
			.select((eb) => ["path as what", eb.fn.sum<number>("count").as("count")])
			.where("day", ">=", from)
			.where("day", "<=", to)
			.groupBy("path")
			.orderBy("path")
			.execute(),
	downloads: async (from, to) => {
		const rows = await database.read
			.selectFrom("download_counts")
			.select((eb) => ["os", "file_type", eb.fn.sum<number>("count").as("count")])
			.where("day", ">=", from)
			.where("day", "<=", to)
			.groupBy(["os", "file_type"])
			.orderBy("os")
			.orderBy("file_type")
			.execute();
		return rows.map(({ os, file_type, count }) => ({ what: `${os} ${file_type}`, count }));
	},
});
