import { AwsClient } from "aws4fetch";
import { type Mailer, MailRefused } from "../mail/mail.ts";

/** SES says so when it will never take this mail; everything else may pass. */
const FINAL = new Set(["MessageRejected", "BadRequestException", "MailFromDomainNotVerifiedException"]);
const TIMEOUT_MS = 20_000;

export interface SesOptions {
	/** Policy 05.1: Paris, `eu-west-3`, unless the operator has changed the policy first. */
	region: string;
	accessKeyId: string;
	secretAccessKey: string;
	sessionToken?: string | undefined;
	from: string;
	/** Of tests and private endpoints; default is Amazon's for the region. */
	endpoint?: string | undefined;
}

/** Mails over the HTTPS interface of Amazon SES (v2 `SendEmail`), which works where there are no sockets. */
export function sesMailer(options: SesOptions): Mailer {
	const { region, from, endpoint = `https://email.${region}.amazonaws.com` } = options;
	const client = new AwsClient({
		accessKeyId: options.accessKeyId,
		secretAccessKey: options.secretAccessKey,
		...(options.sessionToken && { sessionToken: options.sessionToken }),
		service: "ses",
		region,
		// The outbox tries again, with its own waits.
		retries: 0,
	});
	const utf8 = (Data: string) => ({ Data, Charset: "UTF-8" });
	return {
		send: async ({ id, to, subject, text, html, language }) => {
			const body = {
				FromEmailAddress: from,
				Destination: { ToAddresses: [to] },
				Content: {
					Simple: {
						Subject: utf8(subject),
						Body: { Text: utf8(text), Html: utf8(html) },
						Headers: [
							{ Name: "Content-Language", Value: language },
							{ Name: "Auto-Submitted", Value: "auto-generated" },
							// SES sets its own Message-ID; this one tells a repetition.
							{ Name: "X-Entity-Ref-ID", Value: id },
						],
					},
				},
			};
			const request = await client.sign(`${endpoint}/v2/email/outbound-emails`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify(body),
			});
			const response = await fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) });
			await response.body?.cancel();
			if (response.ok) return;
			const name = (response.headers.get("x-amzn-errortype") ?? "").split(/[:#]/)[0] ?? "";
			if (FINAL.has(name)) throw new MailRefused(`ses-${name}`);
			throw new Error(`SES answered ${response.status}`);
		},
	};
}

/** The part of the configuration that names SES; its variables are Amazon's usual ones. */
export interface SesConfig {
	MIVISUS_MAIL: string;
	MIVISUS_MAIL_FROM: string;
	MIVISUS_SES_ENDPOINT?: string | undefined;
	AWS_ACCESS_KEY_ID?: string | undefined;
	AWS_SECRET_ACCESS_KEY?: string | undefined;
	AWS_SESSION_TOKEN?: string | undefined;
}
export const sesMailerOf = (config: SesConfig): Mailer =>
	sesMailer({
		region: new URL(config.MIVISUS_MAIL).hostname,
		from: config.MIVISUS_MAIL_FROM,
		accessKeyId: config.AWS_ACCESS_KEY_ID ?? "",
		secretAccessKey: config.AWS_SECRET_ACCESS_KEY ?? "",
		sessionToken: config.AWS_SESSION_TOKEN,
		endpoint: config.MIVISUS_SES_ENDPOINT,
	});
