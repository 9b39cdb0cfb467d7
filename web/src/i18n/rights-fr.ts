import type { rightsEn } from "./rights-en.ts";

/** Ce que disent les pages des droits de la personne. Espaces insécables devant les signes doubles. */
export const rightsFr: Record<keyof typeof rightsEn, string> = {
	"problem.export-running": "Une copie est déjà en cours. Réessayez quand elle est là, ou dans une demi-minute.",

	"documents.privacy": "Politique de confidentialité",
	"documents.rights": "Exercez vos droits :",

	"rename.action": "Renommer",
	"rename.of": "Renommer {name}",
	"rename.title": "Renommer « {name} »",
	"rename.label": "Nouveau nom",

	"data.title": "Vos données et vos droits",
	"data.lead": "Ce que nous conservons sur vous, pourquoi et combien de temps, et un bouton pour chaque droit.",
	"data.open": "Voir vos données et vos droits",
	"data.held": "Ce que nous conservons",
	"data.entry": "1 entrée",
	"data.entries": "{count} entrées",
	"data.inMemory": "jamais conservé",
	"data.anonymous": "ne concerne personne",
	"data.whyText": "Pourquoi : {why}. Base légale : {basis}.",
	"data.keptText": "Conservation : {kept}.",
	"data.contract": "contrat",
	"data.interest": "intérêt légitime",
	"data.law": "obligation légale",
	"data.correct": "Corriger",
	"data.correctText":
		"Votre nom, votre adresse, votre langue et les noms des clés d’accès et des sessions se changent sur la page de votre compte ; ceux des agents sur la leur, et les caméras dans leurs réglages.",

	"copy.title": "Obtenir une copie",
	"copy.text":
		"Tout ce que nous conservons sur vous, en un fichier ZIP qui s’ouvre sans réseau : des pages à lire, du JSON et du CSV pour les programmes, signés par nous. Ni mot de passe, ni clé.",
	"copy.action": "Télécharger la copie",
	"copy.begun": "Le téléchargement a commencé.",
	"copy.verify": "Quelqu’un doute qu’elle soit entière ?",

	"objection.title": "S’opposer",
	"objection.text":
		"Pour veiller à la fiabilité du service, nous conservons quand le flux d’une caméra a commencé, cessé ou échoué, et le dernier jour où un agent s’est manifesté. Vous pouvez vous y opposer : cela cesse aussitôt, et ce qui existe est supprimé. Vos caméras continuent de fonctionner.",
	"objection.action": "S’y opposer",
	"objection.stands": "Vous vous y êtes opposé. Rien n’en est conservé.",
	"objection.withdraw": "Retirer l’opposition",

	"restriction.title": "Limiter l’usage de vos données",
	"restriction.text":
		"Nous gardons vos données, même au-delà de leur durée habituelle, et vous les montrons, sans rien en faire d’autre : aucune image n’est transportée tant que vous n’avez pas levé la limitation.",
	"restriction.action": "Limiter",
	"restriction.question": "Limiter l’usage de vos données ?",
	"restriction.questionText":
		"Les images cessent aussitôt, dans tous les navigateurs. Vous levez la limitation ici quand vous le voulez.",
	"restriction.stands": "L’usage de vos données est limité. Aucune image n’est transportée.",
	"restriction.lift": "Lever la limitation",

	"directives.title": "Après votre mort",
	"directives.text":
		"Vous pouvez dire ce qu’il faudra faire de vos données, et qui s’en chargera (loi du 6 janvier 1978, article 85). Vous pouvez le modifier ou le retirer à tout moment.",
	"directives.label": "Vos directives",
	"directives.since": "Enregistrées le {day}",
	"directives.forget": "Les retirer",

	"erase.title": "Effacer le compte",
	"erase.text":
		"Le compte devient aussitôt inutilisable et les images cessent. Pendant sept jours, un lien envoyé par e-mail le rétablit ; ensuite tout est effacé, et vous recevez un reçu signé. La dernière sauvegarde disparaît dans les 30 jours.",
	"erase.action": "Effacer le compte",
	"erase.question": "Effacer votre compte ?",
	"erase.questionText":
		"Tous les navigateurs sont déconnectés et toutes les caméras s’éteignent aussitôt. Pendant sept jours, le lien envoyé par e-mail l’annule.",
	"erase.left":
		"Votre compte est fermé et sera effacé le {day}. Le lien qui permet de le garder est en route vers {email}.",

	"left.title": "Au revoir",
	"left.lead": "Vous avez changé d’avis ? Ouvrez le lien reçu par e-mail dans les sept jours.",
	"undo.title": "Garder votre compte",
	"undo.lead": "Votre compte est sur le point d’être effacé. Gardez-le, et tout redevient comme avant.",
	"undo.action": "Garder le compte",
	"undo.busy": "Rétablissement",
	"undo.done": "Votre compte est conservé, avec tout ce qu’il contenait. Connectez-vous comme avant.",

	"request.title": "Vos demandes",
	"request.lead": "Ce que vous avez demandé, ici ou par e-mail, et pour quand cela doit être fait.",
	"request.none": "Aucune pour l’instant.",
	"request.access": "Copie de vos données",
	"request.rectification": "Rectification",
	"request.erasure": "Effacement du compte",
	"request.portability": "Portabilité",
	"request.objection": "Opposition",
	"request.restriction": "Limitation",
	"request.directives": "Directives pour après votre mort",
	"request.other": "Autre demande",
	"request.received": "Reçue le {day}",
	"request.open": "réponse due pour le {day}",
	"request.done": "faite le {day}",
	"request.refused": "refusée le {day}",
	"request.withdrawn": "retirée le {day}",

	"complain.title": "Réclamer",
	"complain.text":
		"La façon dont nous traitons vos données ne vous convient pas ? Écrivez-nous, ou à une autorité de contrôle.",
	"complain.cnil": "La CNIL, en France",
	"complain.others": "Les autorités des autres pays de l’UE",

	"bring.title": "Apporter des données",
	"bring.lead":
		"Reprend d’une copie le nom, la langue, les caméras et leur son dans ce compte. Aucune copie ne contient de mot de passe : vous les saisissez de nouveau.",
	"bring.full":
		"Ce compte a déjà d’autres caméras. Les données s’apportent dans un compte qui n’a que celles de la copie, ou aucune.",
	"bring.account": "Le nom et la langue seront désormais ceux de {name}.",
	"bring.noCameras": "La copie ne contient aucune caméra.",
	"bring.action": "Les apporter",
	"bring.busy": "Reprise en cours",
	"bring.done": "{name} est là.",
	"bring.all": "Tout est là.",
	"bring.link": "Vous avez une copie d’un autre compte ?",

	"verify.title": "Vérifier une archive",
	"verify.lead":
		"Une copie des données de quelqu’un est-elle telle que ce service l’a faite ? Tout est vérifié dans votre navigateur ; rien n’est envoyé.",
	"verify.file": "L’archive (ZIP)",
	"verify.busy": "Vérification",
	"verify.whole": "Entière et inchangée : faite par {service} le {day}.",
	"verify.notAnArchive":
		"Ce n’est pas une copie faite par Mivisus, ou elle a été interrompue pendant le téléchargement.",
	"verify.newer": "Elle a été faite par une version de Mivisus plus récente que celle-ci.",
	"verify.unknownKey": "Elle est signée, mais pas par une clé de ce service.",
	"verify.badSignature":
		"La signature n’est pas valable : la liste des fichiers a été changée, ou n’a jamais été la nôtre.",
	"verify.missing": "Il manque un fichier : {path}",
	"verify.extra": "Un fichier a été ajouté : {path}",
	"verify.changed": "Un fichier a été changé : {path}",

	"receipt.title": "Reçu d’un effacement",
	"receipt.lead":
		"Dit ce qui a été effacé et quand. Il ne nomme personne ; sa signature est vérifiée dans votre navigateur.",
	"receipt.number": "Numéro du reçu",
	"receipt.action": "Afficher le reçu",
	"receipt.whole": "La signature est valable : ce reçu est le nôtre, inchangé.",
	"receipt.broken": "La signature n’est pas valable : ce reçu n’est pas tel que nous l’avons fait.",
	"receipt.erased": "Effacé le {day} : {count} entrées.",
	"receipt.backups": "La dernière sauvegarde qui les contenait disparaît pour le {day}.",
	"receipt.until": "{what}, jusqu’au {day} ({law})",
	"receipt.kept": "Ce que la loi nous fait garder",
};
