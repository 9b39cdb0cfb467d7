import type { WorkerConfig } from "../config.ts";
import type { Mailer } from "../mail/mail.ts";
import { sesMailerOf } from "./ses.ts";
import { smtpMailer } from "./smtp.node.ts";

/** The way out for mails that the configuration names. */
export const mailerOf = (config: WorkerConfig): Mailer =>
	config.MIVISUS_MAIL.startsWith("ses:")
		? sesMailerOf(config)
		: smtpMailer(config.MIVISUS_MAIL, config.MIVISUS_MAIL_FROM);
