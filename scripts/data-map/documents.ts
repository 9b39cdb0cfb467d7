import { article13Table } from "@mivisus/worker/data-map/article13";
import {
	between,
	dataMapDocument,
	policyTable,
	recipientTable,
	recordsDocument,
} from "@mivisus/worker/data-map/render";

const POLICY = "PRIVACY.md";

/** What is made from the data map, by path: the whole text that must stand there. `read` gives what stands there now. */
export function documents(read: (path: string) => string): Record<string, string> {
	let policy = read(POLICY);
	for (const language of ["en", "fr"] as const) {
		policy = between(policy, `table 02 ${language}`, policyTable(language));
		policy = between(policy, `table 09 ${language}`, recipientTable(language));
		policy = between(policy, `table 13 ${language}`, article13Table(language));
	}
	return {
		[POLICY]: policy,
		"docs/reference/data-map.md": dataMapDocument(),
		"docs/privacy/records.md": recordsDocument(),
	};
}
