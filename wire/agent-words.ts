/** What agents say of cameras (a catalog's `detail`) comes as English sentences; these are the French ones. */
const FRENCH: Record<string, string> = {
	"The camera answers, but no whole picture came in time.":
		"La caméra répond, mais aucune image complète n’est arrivée à temps.",
	"The camera gives no picture.": "La caméra ne donne pas d’image.",
	"The camera is switched off here. Nothing reads it.": "La caméra est éteinte ici. Rien ne la lit.",
	"The camera's address cannot be opened with this agent's key.":
		"L’adresse de la caméra ne s’ouvre pas avec la clé de cet agent.",
	"The address, the user or the password is too long.":
		"L’adresse, le nom d’utilisateur ou le mot de passe est trop long.",
	"The address must begin with rtsp:// or rtsps://.": "L’adresse doit commencer par rtsp:// ou rtsps://.",
	"The address has no readable host after rtsp://.": "L’adresse n’a pas d’hôte lisible après rtsp://.",
	"The port must be between 1 and 65535.": "Le port doit être compris entre 1 et 65535.",
	"The fingerprint of a certificate is 64 hexadecimal digits (SHA-256).":
		"L’empreinte d’un certificat compte 64 chiffres hexadécimaux (SHA-256).",
	"The camera's streams cannot be asked for by this agent. Type its address.":
		"Cet agent ne sait pas demander ses flux à la caméra. Saisissez son adresse.",
	"The user or password contained %; please check them in their own fields.":
		"Le nom d’utilisateur ou le mot de passe contenait un % ; vérifiez-les dans leurs propres champs.",
	"The address contains several @; please check user, password and host.":
		"L’adresse contient plusieurs @ ; vérifiez l’utilisateur, le mot de passe et l’hôte.",
	"The camera agreed to send over TCP.": "La caméra a accepté d’envoyer par TCP.",
	"The camera agreed to send over UDP.": "La caméra a accepté d’envoyer par UDP.",
	"The link ran out before it was used.": "Le lien a expiré avant d’être utilisé.",
	"The camera asks for a user and a password.": "La caméra demande un nom d’utilisateur et un mot de passe.",
	"The camera does not give its picture to this user.": "La caméra ne donne pas son image à cet utilisateur.",
	"The camera answered 401: wrong user or password, or its limit of sessions is reached.":
		"La caméra a répondu 401 : nom d’utilisateur ou mot de passe faux, ou nombre maximal de sessions atteint.",
	"The camera answered 401 though it knew the password: its limit of sessions may be reached.":
		"La caméra a répondu 401 bien que le mot de passe soit juste : son nombre maximal de sessions est peut-être atteint.",
	"The camera forgot the session.": "La caméra a oublié la session.",
	"The camera does not answer.": "La caméra ne répond pas.",
	"The camera sends messages without an end.": "La caméra envoie des messages sans fin.",
	"The camera answers too slowly.": "La caméra répond trop lentement.",
	"The camera sends nothing yet. It is asked for all of its tracks.":
		"La caméra n’envoie encore rien. L’agent lui demande toutes ses pistes.",
	"The camera sends nothing yet. It is asked for another transport.":
		"La caméra n’envoie encore rien. L’agent lui demande un autre transport.",
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
	"The camera's address refuses connections on this port.": "L’adresse de la caméra refuse les connexions sur ce port.",
	"The camera's name is not known in this network.": "Le nom de la caméra est inconnu sur ce réseau.",
	"Nothing answers at the camera's address.": "Rien ne répond à l’adresse de la caméra.",
	"The camera does not read what it asked for.": "La caméra ne lit pas ce qu’elle a demandé.",
	"What the camera sends cannot be read.": "Ce que la caméra envoie est illisible.",
	"The camera sends its H.265 picture in a mixed-up order, which is not supported. Choose H.264 in the camera's settings.":
		"La caméra envoie son image H.265 dans un ordre entremêlé, ce qui n’est pas pris en charge. Choisissez H.264 dans ses réglages.",
	"The camera offers no picture at this address.": "La caméra ne propose aucune image à cette adresse.",
	"The camera does not send by this transport.": "La caméra n’envoie pas ses images par ce transport.",
	"The camera points to another address, but not to which. Please look for it in the camera's settings.":
		"La caméra renvoie à une autre adresse sans dire laquelle. Cherchez-la dans ses réglages.",
	"The camera points to another address on another device. If you know that device, enter its address instead.":
		"La caméra renvoie à l’adresse d’un autre appareil. Si vous le connaissez, saisissez plutôt son adresse.",
	"The camera points from its encrypted address to another address without encryption. If you accept that, enter it with rtsp://.":
		"La caméra renvoie de son adresse chiffrée à une autre sans chiffrement. Si vous l’acceptez, saisissez-la avec rtsp://.",
	"The camera points from one address to the next without end.": "La caméra renvoie sans fin d’une adresse à l’autre.",
	"The camera encrypts each packet by itself (SRTP), which is not supported. Switch that off in its settings; rtsps:// encrypts all the same.":
		"La caméra chiffre chaque paquet (SRTP), ce qui n’est pas pris en charge. Désactivez-le dans ses réglages ; rtsps:// chiffre tout autant.",
	"The camera does not finish the encryption's handshake.":
		"La caméra ne va pas au bout de l’établissement du chiffrement.",
	"This machine has no UDP ports left.": "Cet ordinateur n’a plus de ports UDP libres.",
	"The camera shows no certificate.": "La caméra ne présente aucun certificat.",
	"The camera's encryption is older than TLS 1.2 and not safe. Look for an update of the camera, or use rtsp:// inside your own network.":
		"Le chiffrement de la caméra est antérieur à TLS 1.2 et n’est pas sûr. Cherchez une mise à jour de la caméra, ou utilisez rtsp:// dans votre propre réseau.",
	"What answers at this port does not encrypt. Use rtsp:// or the camera's port for rtsps.":
		"Ce qui répond à ce port ne chiffre pas. Utilisez rtsp:// ou le port de la caméra pour rtsps.",
	"The camera and the agent find no common encryption.": "La caméra et l’agent ne trouvent pas de chiffrement commun.",
	"The camera cannot give its picture now. It may have too many viewers.":
		"La caméra ne peut pas donner son image pour le moment. Trop de personnes la regardent peut-être.",
	"Waiting for a key frame of the camera.": "En attente d’une image clé de la caméra.",
	"The camera's addresses are too long.": "Les adresses de la caméra sont trop longues.",
	"The camera is off now, but that could not be stored: it will not outlive a restart of the agent. Is the disk full?":
		"La caméra est éteinte, mais cela n’a pas pu être enregistré : un redémarrage de l’agent la rallumera. Le disque est-il plein ?",
	"That could not be stored, so nothing was changed. Is the disk full?":
		"Cela n’a pas pu être enregistré, rien n’a donc changé. Le disque est-il plein ?",
	"This device has several channels. Choose one; each is added as a camera of its own.":
		"Cet appareil a plusieurs canaux. Choisissez-en un ; chacun s’ajoute comme une caméra à part.",
	"The command cannot be read.": "L’ordre est illisible.",
	"The command's signature is wrong: it was changed on its way or not made by the owner.":
		"La signature de l’ordre est fausse : il a été modifié en chemin, ou ne vient pas du propriétaire.",
	"The command is meant for another agent.": "L’ordre est destiné à un autre agent.",
	"The camera's address was not sealed for this agent and camera, or was changed on its way.":
		"L’adresse de la caméra n’a pas été scellée pour cet agent et cette caméra, ou a été modifiée en chemin.",
};
/** Sentences with something of the camera in them. */
const WITH_MORE: [RegExp, string][] = [
	[/^The camera answered (\S+) with an error \((\d+)\)\.$/, "La caméra a répondu à $1 par une erreur ($2)."],
	[
		/^The camera sends (.+), which is not supported yet\. Choose H\.264 in the camera's settings\.$/,
		"La caméra envoie du $1, qui n’est pas encore pris en charge. Choisissez H.264 dans ses réglages.",
	],
	[
		/^The camera's description of its picture cannot be read: "(.*)"\.$/,
		"La description que la caméra donne de son image est illisible : « $1 ».",
	],
	[
		/^The camera shows another certificate than the one that was accepted\. If it was reset or updated, compare the fingerprint with the one in its settings and accept it anew\.(.*)$/,
		"La caméra présente un autre certificat que celui qui a été accepté. Si elle a été réinitialisée ou mise à jour, comparez l’empreinte avec celle de ses réglages et acceptez-la de nouveau.$1",
	],
	[
		/^The camera's certificate is not vouched for\. Compare its fingerprint with the one in the camera's settings and accept it if they are equal\.(.*)$/,
		"Rien ne garantit le certificat de la caméra. Comparez son empreinte avec celle de ses réglages et acceptez-la si elles sont égales.$1",
	],
	[
		/^The camera sends its sound as (.+), which browsers do not play\. Choose AAC or G\.711 in the camera's settings\.$/,
		"La caméra envoie le son en $1, que les navigateurs ne lisent pas. Choisissez AAC ou G.711 dans ses réglages.",
	],
	[
		/^The camera's description of its sound \((.+)\) cannot be read\.$/,
		"La description que la caméra donne de son son ($1) est illisible.",
	],
	[
		/^The camera sends a key frame about every (\d+) s only\. Choose a shorter interval in its settings\.$/,
		"La caméra n’envoie une image clé que toutes les $1 s environ. Choisissez un intervalle plus court dans ses réglages.",
	],
	[/^This agent already has (\d+) cameras\.$/, "Cet agent a déjà $1 caméras."],
];

/** A sentence of the agent in French; an unknown one as it came. */
export function agentFrench(sentence: string): string {
	const [form, french] = WITH_MORE.find(([known]) => known.test(sentence)) ?? [];
	return form && french ? sentence.replace(form, french) : (FRENCH[sentence] ?? sentence);
}
