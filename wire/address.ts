/**
 * A camera's path as it may be shown and stored by the cloud. Many cameras take their user and password in the path
 * (`/user=admin&password=x&channel=1`, `?usr=…&pwd=…`); those values belong into the sealed access only (policy 02.3).
 */
const NAME =
	"(?:user(?:name)?|usr|login|account|pass(?:wd|word|wrd|phrase)?|pwd|psw|pw|auth|token|api[-_]?key|key|secret|credentials?)";
const MARK = "***";
/** In a path a value ends at `&`, `/`, `;` or where the next `_name=` begins; in a query at `&` or `;`. */
const IN_PATH = new RegExp(`((?:^|[/&;_])${NAME}=)([^&/;]*?)(?=_[A-Za-z]+=|[&/;]|$)`, "gi");
const IN_QUERY = new RegExp(`((?:^|[?&;_])${NAME}=)([^&;]*?)(?=_[A-Za-z]+=|[&;]|$)`, "gi");
/** `//user:password@host` of an address within the path. */
const EMBEDDED = /(\/\/)[^/@]*@/g;

/** A host as it stands in an address: IPv6 in brackets. */
export const hostText = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** `path` with the values of what looks like credentials replaced. Applied twice it changes nothing more. */
export function displayPath(path: string): string {
	const at = path.indexOf("?");
	const [plain, query] = at < 0 ? [path, ""] : [path.slice(0, at), path.slice(at)];
	const redacted = plain.replace(IN_PATH, `$1${MARK}`) + query.replace(IN_QUERY, `$1${MARK}`);
	return redacted.replace(EMBEDDED, `$1${MARK}@`);
}
