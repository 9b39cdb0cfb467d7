/** Version of the agent; a test keeps it equal to package.json. */
export const VERSION = "0.1.0";

let carried: (() => string) | undefined;

/** Says where the licences of everything inside are; called by the program of one file, which carries them. */
export function carryLicences(read: () => string): void {
	carried = read;
}

/** The licences of everything inside this program, as text. */
export function licences(): string {
	return (
		carried?.() ??
		"Mivisus is under the Apache License 2.0 (file LICENSE). This agent runs from its source; the licences of what it uses are in node_modules."
	);
}
