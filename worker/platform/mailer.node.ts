import type { WorkerConfig } from "../config.ts";
import type { Mailer } from "../mail/mail.ts";
import { sesMailer } from "./ses.ts";
import { smtpMailer } from "./smtp.node.ts";

/** The way out for mails that the configuration names. */
export function mailerOf(config: WorkerConfig): Mailer {
	const { MIVISUS_MAIL: way, MIVISUS_MAIL_FROM: from } = config;
	if (!way.startsWith("ses:")) return smtpMailer(way, from);
	return sesMailer({
		region: new URL(way).hostname,
		from,
		accessKeyId: config.AWS_ACCESS_KEY_ID ?? "",
		secretAccessKey: config.AWS_SECRET_ACCESS_KEY ?? "",
		sessionToken: config.AWS_SESSION_TOKEN,
		endpoint: config.MIVISUS_SES_ENDPOINT,
	});
}
