/**
 * The kinds of mail that exist, and no other (policy 04.3, 04.4, P16): nobody can be written to for another reason without
 * a change here.
 */
export const MAIL_KINDS = ["confirmation", "reset", "notice", "announcement", "rights", "breach"] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

/** A mail, ready to go. */
export interface Message {
	/** Idempotency key: sent again after a crash, it is the same mail to whoever receives it. */
	id: string;
	/** Domain in ASCII form: not every mail service takes another one. */
	to: string;
	subject: string;
	text: string;
	/** The same words; nothing in it is loaded from anywhere. */
	html: string;
	language: "en" | "fr";
}
/** Hands mails over to a mail server. */
export interface Mailer {
	/** Rejects with MailRefused when the server will never take it, and with anything else when it may later. */
	send(message: Message): Promise<void>;
}
/** The server said no for good: trying again is no use. `code` is safe to store and log: it names no address. */
export class MailRefused extends Error {
	override name = "MailRefused";
	readonly code: string;
	constructor(code: string) {
		super(code);
		this.code = code;
	}
}
