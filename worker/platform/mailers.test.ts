import { createHash, createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Mailbox } from "../../scripts/start/mailbox.ts";
import type { Message } from "../mail/mail.ts";
import { MailRefused } from "../mail/mail.ts";
import { sesMailer } from "./ses.ts";
import { smtpMailer } from "./smtp.node.ts";

let mailbox: Mailbox;
beforeEach(async () => {
	mailbox = await Mailbox.start();
});
afterEach(() => mailbox.close());
const message: Message = {
	id: "mail-1",
	to: "camille@example.test",
	subject: "Réinitialisé : « mot de passe »",
	text: "Bonjour Zoé,\n\n.\nune ligne qui commence par un point\n",
	html: "<p>Bonjour Zoé,</p>",
	language: "fr",
};
const from = "Mivisus <contact@mivisus.example>";

describe("SMTP", () => {
	it("04.3: carries a mail whole, with its idempotency key as Message-ID", async () => {
		const mailer = smtpMailer(mailbox.smtpUrl, from);
		await mailer.send(message);
		mailer.close();
		const [mail] = mailbox.mails;
		expect(mail).toMatchObject({
			to: message.to,
			from: "contact@mivisus.example",
			subject: message.subject,
			id: "<mail-1@mivisus.example>",
		});
		expect(mail?.text.trim()).toBe(message.text.trim());
		expect(mail?.html).toContain(message.html);
		expect(mail?.headers).toMatch(/^Auto-Submitted: auto-generated$/m);
		expect(mail?.headers).toMatch(/^Content-Language: fr$/m);
		// The machine's own name and address are nobody's business.
		expect(mail?.headers).not.toMatch(/127\.0\.0\.1|X-Mailer|User-Agent/i);
	});
	it("an address is one address, whatever is in it", async () => {
		const mailer = smtpMailer(mailbox.smtpUrl, from);
		await mailer.send({ ...message, to: "a,b@example.test" }).catch(() => {});
		mailer.close();
		expect(mailbox.mails.map(({ to }) => to)).not.toContain("b@example.test");
	});
	it("knows a refusal for good from one for now, and says it without the address", async () => {
		const mailer = smtpMailer(mailbox.smtpUrl, from);
		mailbox.mood = { code: 550, text: "no such user camille@example.test" };
		const refused = await mailer.send(message).catch((error: unknown) => error);
		expect(refused).toBeInstanceOf(MailRefused);
		expect((refused as MailRefused).code).toBe("smtp-550");
		mailbox.mood = { code: 451, text: "greylisted" };
		expect(await mailer.send(message).catch((error: unknown) => error)).not.toBeInstanceOf(MailRefused);
		mailbox.mood = "hang up";
		expect(await mailer.send(message).catch((error: unknown) => error)).not.toBeInstanceOf(MailRefused);
		mailbox.mood = undefined;
		await mailer.send(message);
		mailer.close();
	});
	it("05.2: elsewhere than on this machine it speaks TLS or not at all", async () => {
		// The mailbox offers no TLS; by another name than this machine's it is not given the mail.
		const url = mailbox.smtpUrl.replace("127.0.0.1", "127.0.0.1.");
		const mailer = smtpMailer(url, from);
		await expect(mailer.send(message)).rejects.toThrow();
		mailer.close();
		expect(mailbox.mails).toEqual([]);
	});
});

/** Signature version 4, written from Amazon's description, independently of the signer in use. */
function signatureOf(request: { headers: Record<string, unknown>; body: string; url: string }, secret: string): string {
	const [, credential = "", signed = ""] =
		/Credential=([^,]+), SignedHeaders=([^,]+),/.exec(String(request.headers["authorization"])) ?? [];
	const [, date = "", region = "", service = ""] = credential.split("/");
	const hex = (text: string) => createHash("sha256").update(text).digest("hex");
	const canonical = [
		"POST",
		request.url,
		"",
		...signed.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}`),
		"",
		signed,
		hex(request.body),
	].join("\n");
	const scope = `${date}/${region}/${service}/aws4_request`;
	const text = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hex(canonical)].join("\n");
	let key: Buffer = Buffer.from(`AWS4${secret}`);
	for (const part of [date, region, service, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
	return createHmac("sha256", key).update(text).digest("hex");
}

describe("Amazon SES", () => {
	const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a-secret-of-the-tests", region: "eu-west-3" };
	const open = () => sesMailer({ ...keys, from, endpoint: mailbox.webOrigin });
	it("05.1: is asked in Paris, with a signature that holds", async () => {
		await open().send(message);
		const [request] = mailbox.sesRequests;
		const authorization = String(request?.headers["authorization"]);
		expect(authorization).toContain("/eu-west-3/ses/aws4_request");
		const signature = /Signature=([0-9a-f]{64})$/.exec(authorization)?.[1];
		expect(signature).toBe(signatureOf(request!, keys.secretAccessKey));
		expect(signatureOf({ ...request!, body: `${request!.body} ` }, keys.secretAccessKey)).not.toBe(signature);
		const { to, subject, text, html, id } = mailbox.mails[0]!;
		const { language: _, ...sent } = message;
		expect({ to, subject, text, html, id }).toEqual(sent);
		expect(JSON.stringify(request)).not.toContain(keys.secretAccessKey);
	});
	it("knows a refusal for good from one for now", async () => {
		mailbox.mood = { code: 400, text: "MessageRejected" };
		await expect(open().send(message)).rejects.toThrow(MailRefused);
		mailbox.mood = { code: 429, text: "TooManyRequestsException" };
		const slowed = await open()
			.send(message)
			.catch((error: unknown) => error);
		expect(slowed).toBeInstanceOf(Error);
		expect(slowed).not.toBeInstanceOf(MailRefused);
	});
});
