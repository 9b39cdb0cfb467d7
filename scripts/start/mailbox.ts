import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { escapeHtml } from "../../worker/mail/letters.ts";

/** A mail as it came in. */
export interface ReceivedMail {
	to: string;
	from: string;
	subject: string;
	text: string;
	html: string;
	/** The Message-ID: the same for a mail that was sent twice. */
	id: string;
	/** Every header, as sent. */
	headers: string;
	atMs: number;
}

/** What the mail server shall say to the next mails: how the tests play one that is ill. */
export type Mood = { code: number; text: string } | "hang up" | undefined;

/**
 * A mailbox on this machine for everybody: a real SMTP server, the part of Amazon's SES interface that the worker uses, and
 * a page to read what came. Nothing is delivered anywhere. For `npm start` and for tests.
 */
export class Mailbox {
	readonly mails: ReceivedMail[] = [];
	mood: Mood;
	/** Requests at the SES interface, as they came. */
	readonly sesRequests: { headers: IncomingMessage["headers"]; body: string; url: string }[] = [];
	#waiters = new Set<() => void>();
	#smtp: SMTPServer;
	#http: Server;

	private constructor() {
		this.#smtp = new SMTPServer({
			disabledCommands: ["AUTH", "STARTTLS"],
			logger: false,
			// The name of this machine is nobody's business.
			name: "localhost",
			disableReverseLookup: true,
			onRcptTo: (_address, _session, callback) => {
				if (this.mood === undefined) callback();
				else if (this.mood === "hang up") callback(Object.assign(new Error("closing"), { responseCode: 421 }));
				else callback(Object.assign(new Error(this.mood.text), { responseCode: this.mood.code }));
			},
			onData: (stream, session, callback) => {
				const chunks: Buffer[] = [];
				stream.on("data", (chunk: Buffer) => chunks.push(chunk));
				stream.on("end", () => {
					const raw = Buffer.concat(chunks);
					PostalMime.parse(raw)
						.then((mail) => {
							this.#take({
								to: session.envelope.rcptTo.map(({ address }) => address).join(", "),
								from: mail.from?.address ?? "",
								subject: mail.subject ?? "",
								text: mail.text ?? "",
								html: mail.html ?? "",
								id: mail.messageId ?? "",
								headers: raw.toString("utf8").split(/\r?\n\r?\n/)[0] ?? "",
							});
							callback();
						})
						.catch((error: Error) => callback(error));
				});
			},
		});
		// A client that hangs up is no news.
		this.#smtp.on("error", () => {});
		this.#http = createServer((request, response) => this.#serve(request, response));
	}
	/** With port 0, free ones are taken. */
	static async start(ports = { smtp: 0, web: 0 }): Promise<Mailbox> {
		const mailbox = new Mailbox();
		await new Promise<void>((resolve, reject) => {
			mailbox.#smtp.server.once("error", reject);
			mailbox.#smtp.listen(ports.smtp, "127.0.0.1", resolve);
		});
		await new Promise<void>((resolve, reject) => {
			mailbox.#http.once("error", reject);
			mailbox.#http.listen(ports.web, "127.0.0.1", resolve);
		});
		return mailbox;
	}
	/** What the worker's MIVISUS_MAIL must say. */
	get smtpUrl(): string {
		return `smtp://127.0.0.1:${(this.#smtp.server.address() as AddressInfo).port}`;
	}
	/** The page; also the SES interface. */
	get webOrigin(): string {
		return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
	}
	/** The first mail, from number `from` on, that satisfies `check`; rejects after `ms`. */
	async wait(check: (mail: ReceivedMail) => boolean, from = 0, ms = 15_000): Promise<ReceivedMail> {
		const end = Date.now() + ms;
		for (;;) {
			const found = this.mails.slice(from).find(check);
			if (found) return found;
			const left = end - Date.now();
			if (left <= 0)
				throw new Error(`no such mail; there are: ${this.mails.map(({ subject }) => subject).join(" | ")}`);
			await new Promise<void>((resolve) => {
				const done = () => {
					clearTimeout(timer);
					this.#waiters.delete(done);
					resolve();
				};
				const timer = setTimeout(done, left);
				this.#waiters.add(done);
			});
		}
	}
	/** The link to `page` in the newest mail to `to` that has one. */
	async link(to: string, page: string, from = 0): Promise<string> {
		const of = ({ text }: ReceivedMail) => new RegExp(`https?://\\S+${page}#\\S+`).exec(text)?.[0];
		await this.wait((mail) => mail.to === to && of(mail) !== undefined, from);
		const newest = this.mails.slice(from).findLast((mail) => mail.to === to && of(mail) !== undefined);
		return (newest && of(newest)) ?? "";
	}
	async close(): Promise<void> {
		this.#http.closeAllConnections();
		await new Promise((resolve) => this.#http.close(resolve));
		await new Promise<void>((resolve) => this.#smtp.close(() => resolve()));
	}
	#take(mail: Omit<ReceivedMail, "atMs">): void {
		this.mails.push({ ...mail, atMs: Date.now() });
		for (const wake of [...this.#waiters]) wake();
	}
	#serve(request: IncomingMessage, response: ServerResponse): void {
		const url = request.url ?? "/";
		if (request.method === "POST" && url === "/v2/email/outbound-emails") {
			this.#ses(request, response);
			return;
		}
		const mail = /^\/(\d+)$/.exec(url);
		const found = mail ? this.mails[Number(mail[1])] : undefined;
		if (url !== "/" && !found) {
			response.writeHead(404).end("There is no such mail.");
			return;
		}
		response.writeHead(200, {
			"Content-Type": "text/html; charset=utf-8",
			"Content-Security-Policy":
				"default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'",
			"Cache-Control": "no-store",
			"Referrer-Policy": "no-referrer",
		});
		response.end(found ? mailPage(found) : listPage(this.mails));
	}
	#ses(request: IncomingMessage, response: ServerResponse): void {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			const body = Buffer.concat(chunks).toString();
			this.sesRequests.push({ headers: request.headers, body, url: request.url ?? "" });
			if (this.mood !== undefined) {
				const type = typeof this.mood === "object" && this.mood.code < 500 ? this.mood.text : "InternalFailure";
				response.writeHead(typeof this.mood === "object" ? this.mood.code : 503, { "x-amzn-ErrorType": type });
				response.end("{}");
				return;
			}
			const { FromEmailAddress, Destination, Content } = JSON.parse(body);
			const { Subject, Body, Headers } = Content.Simple;
			this.#take({
				to: Destination.ToAddresses.join(", "),
				from: FromEmailAddress,
				subject: Subject.Data,
				text: Body.Text.Data,
				html: Body.Html.Data,
				id: String(Headers.find(({ Name }: { Name: string }) => Name === "X-Entity-Ref-ID")?.Value),
				headers: JSON.stringify(Headers),
			});
			response.writeHead(200, { "Content-Type": "application/json" });
			response.end(JSON.stringify({ MessageId: `local-${this.mails.length}` }));
		});
	}
}

const STYLE = `<meta name="viewport" content="width=device-width"><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem}
a{color:inherit}ol{list-style:none;padding:0}li{padding:.75rem 0;border-top:1px solid #8884}small{opacity:.75}
pre{white-space:pre-wrap;word-break:break-word;padding:1rem;border:1px solid #8884;border-radius:8px}
iframe{width:100%;height:30rem;border:1px solid #8884;border-radius:8px;background:#fff}</style>`;

function listPage(mails: readonly ReceivedMail[]): string {
	const items = mails
		.map(
			({ to, subject, atMs }, index) =>
				`<li><a href="/${index}">${escapeHtml(subject)}</a><br><small>to ${escapeHtml(to)}, ${new Date(atMs).toLocaleTimeString()}</small></li>`,
		)
		.reverse();
	const none = "<p>No mail yet. Sign up in the page, and the confirmation shows here.</p>";
	return `<!doctype html><html lang="en"><head><title>Mails of this machine</title><meta http-equiv="refresh" content="3">${STYLE}</head>
<body><h1>Mails of this machine</h1><p>Everything that Mivisus mails while it runs here. Nothing leaves this machine.</p>
${items.length > 0 ? `<ol>${items.join("")}</ol>` : none}</body></html>`;
}
function mailPage({ to, from, subject, text, html }: ReceivedMail): string {
	// The mail may run nothing and load nothing; its links open in a window of their own.
	const framed = html.replace("<head>", '<head><base target="_blank">');
	const links = escapeHtml(text).replace(/https?:\/\/[^\s&]*[^\s&.,]/g, (url) => `<a href="${url}">${url}</a>`);
	return `<!doctype html><html lang="en"><head><title>${escapeHtml(subject)}</title>${STYLE}</head>
<body><p><a href="/">All mails</a></p><h1>${escapeHtml(subject)}</h1><p><small>from ${escapeHtml(from)} to ${escapeHtml(to)}</small></p>
<iframe title="The mail as it looks" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="${escapeHtml(framed)}"></iframe>
<h2>As plain text</h2><pre>${links}</pre></body></html>`;
}

// As a program of `npm start`: MAILBOX_SMTP_PORT and MAILBOX_WEB_PORT say where.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const port = (name: string) => Number(process.env[name] ?? 0);
	const mailbox = await Mailbox.start({ smtp: port("MAILBOX_SMTP_PORT"), web: port("MAILBOX_WEB_PORT") });
	process.stdout.write(`The mailbox is listening on ${mailbox.smtpUrl} and ${mailbox.webOrigin}\n`);
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.on(signal, () => void mailbox.close().then(() => process.exit(0)));
}
