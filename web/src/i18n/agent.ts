import { language } from "./index.ts";

/** What agents say of cameras comes as English sentences; these are the French ones. An unknown one is shown as it came. */
const FRENCH: Record<string, string> = {
	"The camera asks for a user and a password.": "La caméra demande un nom d’utilisateur et un mot de passe.",
	"The camera does not give its picture to this user.": "La caméra ne donne pas son image à cet utilisateur.",
	"The camera refused the user or the password.": "La caméra a refusé le nom d’utilisateur ou le mot de passe.",
	"The camera does not answer.": "La caméra ne répond pas.",
	"The camera ended the connection.": "La caméra a coupé la connexion.",
	"The camera ended the stream.": "La caméra a arrêté le flux.",
	"The camera sends nothing.": "La caméra n’envoie rien.",
	"The connection to the camera broke.": "La connexion à la caméra s’est rompue.",
	"What answers at this address does not speak RTSP.": "Ce qui répond à cette adresse ne parle pas RTSP.",
	"The camera asks to sign in by a way that is not supported.":
		"La caméra demande une façon de s’identifier qui n’est pas prise en charge.",
	"The camera has no stream at this path.": "La caméra n’a pas de flux à ce chemin.",
	"The camera mixes its tracks into one channel.": "La caméra mélange ses pistes dans un seul canal.",
	"This agent belongs to nobody yet.": "Cet agent n’appartient encore à personne.",
	"The command was not signed by a device that this agent knows.":
		"L’ordre n’a pas été signé par un appareil que cet agent connaît.",
	"The command is older than one this agent has already carried out.":
		"L’ordre est plus ancien qu’un autre, déjà exécuté par cet agent.",
	"This agent has no such camera.": "Cet agent n’a pas cette caméra.",
};

/** A sentence of the agent in the person's language. */
export const agentSays = (sentence: string): string =>
	language() === "fr" ? (FRENCH[sentence] ?? sentence) : sentence;
