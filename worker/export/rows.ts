import type { Column, Table, Value } from "../data-map/map.ts";

/** A row as the database gives it. */
export type Row = Record<string, unknown>;

/** Columns of a table that stand in the archive, with their names there. */
export const exportedColumns = ({ columns }: Table): { column: string; as: string; value: Value }[] =>
	Object.entries(columns).flatMap(([column, { export: to }]: [string, Column]) =>
		"as" in to ? [{ column, as: to.as, value: to.value }] : [],
	);

function written(value: Value, raw: unknown): unknown {
	if (raw === null || raw === undefined) return null;
	switch (value) {
		case "time":
		case "time?":
			return new Date(Number(raw)).toISOString();
		case "flag":
		case "flag?":
			return Number(raw) === 1;
		case "list":
		case "list?":
			return JSON.parse(String(raw));
		case "number":
		case "number?":
			return Number(raw);
		default:
			return String(raw);
	}
}

/** A row as the archive writes it. */
export function toRecord(table: Table): (row: Row) => Record<string, unknown> {
	const columns = exportedColumns(table);
	return (row) => {
		const record: Record<string, unknown> = {};
		for (const { column, as, value } of columns) record[as] = written(value, row[column]);
		return record;
	};
}

/**
 * What a spreadsheet would take for a formula gets an apostrophe before it (OWASP: CSV injection): at the beginning, behind
 * blanks that it skips, in full-width form, and behind what it may take for the end of a cell in another language.
 */
const FORMULA = /(^|[;\t|\r\n])([\s\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
const cell = (value: unknown): string => {
	if (value === null) return "";
	if (typeof value === "number" || typeof value === "boolean") return String(value);
	const text = typeof value === "string" ? value : JSON.stringify(value);
	const safe = text.replace(/^[\t\r]/, "'$&").replace(FORMULA, "$1'$2");
	return /[",;\t\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
/** A line of the CSV twin (RFC 4180), with its end. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(cell).join(",")}\r\n`;

const SCHEMAS: Record<string, object> = {
	text: { type: "string" },
	number: { type: "integer" },
	time: { type: "string", format: "date-time" },
	flag: { type: "boolean" },
	list: { type: "array" },
};
/** JSON Schema (2020-12) of a table's file. */
export function schemaOf(name: string, table: Table): object {
	const columns = exportedColumns(table);
	const record = {
		type: "object",
		additionalProperties: false,
		required: columns.map(({ as }) => as),
		properties: Object.fromEntries(
			columns.map(({ as, value }) => {
				const kind = SCHEMAS[value.replace("?", "")] ?? {};
				return [as, value.endsWith("?") ? { anyOf: [kind, { type: "null" }] } : kind];
			}),
		),
	};
	return {
		$schema: "https://json-schema.org/draft/2020-12/schema",
		$id: `https://mivisus.com/schemas/export/1/${name}.json`,
		title: table.rows?.en,
		...(table.one ? record : { type: "array", items: record }),
	};
}
