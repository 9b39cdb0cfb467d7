import type { Table } from "../data-map/map.ts";
import { escapeHtml } from "../mail/letters.ts";
import type { informationOf } from "./information.ts";
import { exportedColumns } from "./rows.ts";
import { WORDS } from "./words.ts";

/** So many rows of a file are shown; the whole is beside the page. */
export const SHOWN_ROWS = 100;
/** What the page shows of one file. */
export interface Shown {
	file: string;
	table: Table;
	rows: number;
	first: readonly Record<string, unknown>[];
}

const STYLE = `:root{color-scheme:light dark;--line:#8885;--soft:#8881}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:2rem 1rem 4rem;max-width:72rem}
h1{line-height:1.2}h2{margin:2.5rem 0 .5rem}small,.count{opacity:.75}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-top:1px solid var(--line);overflow-wrap:anywhere;min-width:6rem}
thead th{border-top:0;background:var(--soft)}`;

/** Times as people read them; to the millisecond they are in the JSON. */
const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{3}Z$/;
const text = (value: unknown): string => {
	if (value === null) return "";
	return escapeHtml(typeof value === "string" ? value.replace(TIME, "$1 $2 UTC") : JSON.stringify(value));
};
const grid = (head: readonly string[], rows: readonly (readonly unknown[])[]): string =>
	`<div class="scroll" tabindex="0"><table><thead><tr>${head.map((each) => `<th scope="col">${text(each)}</th>`).join("")}</tr></thead><tbody>${rows
		.map((row) => `<tr>${row.map((value) => `<td>${text(value)}</td>`).join("")}</tr>`)
		.join("\n")}</tbody></table></div>`;

/** The archive as a page that opens without a network: no script, nothing loaded. */
export function pageOf(
	language: "en" | "fr",
	when: string,
	shown: readonly Shown[],
	information: ReturnType<typeof informationOf>,
): string {
	const words = WORDS[language];
	const files = shown.map(({ file, table, rows, first }) => {
		const columns = exportedColumns(table).map(({ as }) => as);
		const more = rows > first.length ? `<p>${text(words.more(first.length, `data/${file}.json`))}</p>` : "";
		const body =
			rows === 0
				? `<p>${text(words.none)}</p>`
				: grid(
						columns,
						first.map((record) => columns.map((as) => record[as])),
					) + more;
		return `<h2 id="${file}">${text(table.rows?.[language])} <small class="count">${text(words.rows(rows))}</small></h2>\n${body}`;
	});
	return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(words.title)}</title><style>${STYLE}</style></head><body>
<h1>${text(words.title)}</h1><p>${text(words.made(when))}</p>
${words.intro.map((line) => `<p>${text(line)}</p>`).join("\n")}
${files.join("\n")}
<h2>${text(words.kinds)}</h2>
${grid(
	[words.what, words.purpose, words.basis, words.kept],
	information.purposes.map(({ data, purpose, basis, kept }) => [data, purpose, basis, kept]),
)}
<h2>${text(words.recipients)}</h2>
${
	information.recipients.length === 0
		? `<p>${text(words.none)}</p>`
		: `<ul>${information.recipients.map(({ name, role, gets, where }) => `<li>${text(`${name}: ${role}; ${gets}; ${where}`)}</li>`).join("")}</ul>`
}
<h2>${text(words.rights)}</h2>
<ul>${information.rights.map((right) => `<li>${text(right)}</li>`).join("")}</ul>
<p>${text(`${information.controller.name}, ${information.controller.country}, ${information.controller.contact}`)}</p>
</body></html>
`;
}
