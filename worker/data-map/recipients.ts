import type { Words } from "./words.ts";

/** Somebody else who gets personal data: a processor (art. 28) of the deployment. */
export interface Recipient {
	name: string;
	does: Words;
	gets: Words;
	where: Words;
}
/** What of a deployment's configuration decides who they are. */
export interface Deployment {
	/** `smtp://…`, `smtps://…` or `ses://region`. */
	mail: string;
	/** Of a remote database. */
	database?: string | undefined;
	/** The worker runs on Cloudflare's machines. */
	edge?: boolean | undefined;
}

const EU: Record<string, Words> = {
	"eu-west-3": { en: "European Union, Paris (eu-west-3)", fr: "Union européenne, Paris (eu-west-3)" },
};
const AWS = "Amazon Web Services EMEA SARL";
const isLoopback = (host: string) => ["localhost", "127.0.0.1", "[::1]"].includes(host);

/** Hosting of the service itself, as policy 05.1 and 09.1 promise it; whoever runs it elsewhere changes those first. */
export const HOSTING: Recipient = {
	name: AWS,
	does: { en: "hosts the service and its database", fr: "héberge le service et sa base de données" },
	gets: { en: "everything in this table, encrypted at rest", fr: "tout ce que contient ce tableau, chiffré au repos" },
	where: EU["eu-west-3"] as Words,
};

/** Who gets personal data in this deployment, beside whoever runs the machine. */
export function recipientsOf({ mail, database, edge }: Deployment): Recipient[] {
	const found: Recipient[] = [];
	const mailUrl = new URL(mail);
	const sends = { en: "sends our mails", fr: "envoie nos messages" };
	const letters = {
		en: "your address, your name and the text of mails to you",
		fr: "votre adresse, votre nom et le texte des messages qui vous sont destinés",
	};
	if (mailUrl.protocol === "ses:") {
		const region = mailUrl.hostname;
		found.push({
			name: `${AWS}: Simple Email Service`,
			does: sends,
			gets: letters,
			where: EU[region] ?? { en: `region ${region}`, fr: `région ${region}` },
		});
	} else if (!isLoopback(mailUrl.hostname))
		found.push({
			name: mailUrl.hostname,
			does: sends,
			gets: letters,
			where: { en: "as its operator states", fr: "selon son exploitant" },
		});
	const databaseHost = database && new URL(database).hostname;
	if (databaseHost && !isLoopback(databaseHost))
		found.push({
			name: databaseHost,
			does: { en: "keeps our database", fr: "conserve notre base de données" },
			gets: HOSTING.gets,
			where: { en: "as its operator states", fr: "selon son exploitant" },
		});
	if (edge)
		found.push({
			name: "Cloudflare, Inc.",
			does: { en: "runs the worker", fr: "exécute le programme central" },
			gets: {
				en: "what your browser and agent send and get, while it is on its way, and their network addresses",
				fr: "ce que votre navigateur et votre agent envoient et reçoivent, pendant le transport, et leurs adresses réseau",
			},
			where: {
				en: "the data centre next to you, worldwide, under the EU standard contractual clauses",
				fr: "le centre de données le plus proche de vous, dans le monde entier, selon les clauses contractuelles types de l’UE",
			},
		});
	return found;
}

/**
 * Which source files open connections, and to whom. Together with the hosts that stand in the code (test/policy) this is
 * the list that an outbound connection must be on.
 */
export const OUTBOUND: Readonly<Record<string, string>> = {
	"worker/main.workers.ts": "the page's own files, from a binding",
	"worker/platform/ses.ts": "Amazon SES, or the endpoint that the operator names",
	"worker/platform/smtp.node.ts": "the mail server that the operator names",
	"worker/relay-place.ts": "the deployment's own relay",
	"worker/revocations/pusher.ts": "the deployment's own relay",
	"worker/store/remote-database.ts": "the database that the operator names",
};
