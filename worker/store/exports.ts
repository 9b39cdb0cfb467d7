import { sql } from "kysely";
import { DATA_MAP, type Owner, type Table, type TableName } from "../data-map/map.ts";
import type { ExportStore, Subject } from "../export/archive.ts";
import { exportedColumns, type Row } from "../export/rows.ts";
import type { Database } from "./database.ts";

const own = ({ id, emailKey }: Subject, owner: Owner) => {
	if ("in" in owner)
		return sql<boolean>`${sql.ref(owner.column)} IN (SELECT ${sql.ref(DATA_MAP[owner.in as "agents"].key)} FROM ${sql.table(owner.in)} WHERE account_id = ${id})`;
	if (owner.is === "id") return sql<boolean>`${sql.ref(owner.column)} = ${id}`;
	return sql<boolean>`(${sql.ref(owner.column)} = ${emailKey} AND ${sql.ref(owner.unless)} IS NULL)`;
};
/** The rows of `table` that are the person's, as the data map finds them. */
export const ownRows = (table: Table, subject: Subject) =>
	sql<boolean>`(${sql.join(
		(table.owners ?? []).map((owner) => own(subject, owner)),
		sql` OR `,
	)})`;

/** What a person's copy is read from. The map says which columns: what is not exported is not even read. */
export const exportStore = (database: Database): ExportStore => ({
	page: async (name: TableName, subject, after, limit) => {
		const table: Table = DATA_MAP[name];
		const columns = [...new Set([table.key, ...exportedColumns(table).map(({ column }) => column)])];
		const from = after === undefined ? sql`` : sql`AND ${sql.ref(table.key)} > ${after}`;
		const { rows } = await sql<Row>`SELECT ${sql.join(columns.map((column) => sql.ref(column)))} FROM ${sql.table(name)}
			WHERE ${ownRows(table, subject)} ${from} ORDER BY ${sql.ref(table.key)} LIMIT ${sql.lit(limit)}`.execute(
			database.read,
		);
		return rows;
	},
});
