/**
 * What stands in `Sec-WebSocket-Protocol`: the draft of QMux, and after the dot what its streams carry; `moql` is moq-lite
 * whose version is agreed on in band (wire notes). Best first. Drafts 01 and 02 differ in nothing that is used here.
 */
export const SUBPROTOCOLS = ["qmux-02.moql", "qmux-01.moql"] as const;

/** Which of them a client's header offers. */
export function chosenSubprotocol(offered: string | undefined): string | undefined {
	const names = (offered ?? "").split(",").map((name) => name.trim());
	return SUBPROTOCOLS.find((name) => names.includes(name));
}
