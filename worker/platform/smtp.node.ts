import { createTransport } from "nodemailer";
import { type Mailer, MailRefused } from "../mail/mail.ts";

/** A server that says nothing for so long counts as unreachable, ms. */
const TIMEOUT_MS = 20_000;

/**
 * Mails over SMTP. `url` as in `smtps://user:password@mail.example:465`; with `smtp://` the connection must become TLS
 * (STARTTLS) unless the server is on this machine (policy 05.2).
 */
export function smtpMailer(url: string, from: string): Mailer & { close(): void } {
	const { hostname } = new URL(url);
	const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
	const transport = createTransport({
		url,
		pool: true,
		maxConnections: 2,
		requireTLS: !local,
		ignoreTLS: local,
		connectionTimeout: TIMEOUT_MS,
		greetingTimeout: TIMEOUT_MS,
		socketTimeout: TIMEOUT_MS,
		// A letter is made of texts; a path or a URL in one would be read by nobody.
		disableFileAccess: true,
		disableUrlAccess: true,
	});
	const domain = from.slice(from.lastIndexOf("@") + 1).replace(/>$/, "");
	return {
		send: async ({ id, to, subject, text, html, language }) => {
			try {
				await transport.sendMail({
					// An object, not a text: an address is never read as a list of them.
					to: { name: "", address: to },
					from,
					subject,
					text,
					html,
					messageId: `<${id}@${domain}>`,
					headers: { "Content-Language": language, "Auto-Submitted": "auto-generated" },
				});
			} catch (error) {
				const { responseCode, code } = error as { responseCode?: number; code?: string };
				if (code === "EAUTH") throw error;
				if (responseCode !== undefined && responseCode >= 500) throw new MailRefused(`smtp-${responseCode}`);
				throw error;
			}
		},
		close: () => transport.close(),
	};
}
