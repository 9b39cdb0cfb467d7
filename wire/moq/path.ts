/** Paths name broadcasts; `/` separates segments. On the wire there is no leading or trailing slash. */

/** `path` without leading, trailing and doubled slashes: two spellings of one name must not be two names. */
export function normalizePath(path: string): string {
	return path
		.split("/")
		.filter((segment) => segment !== "")
		.join("/");
}

/** What follows `prefix` in `path` (`""` for an exact match), or `undefined` when it is not under it. Whole segments. */
export function suffixOf(path: string, prefix: string): string | undefined {
	if (prefix === "") return path;
	if (path === prefix) return "";
	return path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : undefined;
}

/** `prefix` and `suffix` as one path. */
export function joinPath(prefix: string, suffix: string): string {
	if (prefix === "") return suffix;
	return suffix === "" ? prefix : `${prefix}/${suffix}`;
}
