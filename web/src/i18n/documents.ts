import type { Language } from "./index.ts";

/** Sections: a heading and its paragraphs. A change of meaning needs a new version in wire/terms. */
export type Document = readonly (readonly [heading: string, ...paragraphs: string[]])[];

export const TERMS: Record<Language, Document> = {
	en: [
		[
			"Who we are",
			"Mivisus, located in France, carries the live pictures of your own cameras to your own browser. You reach us at contact@mivisus.com. Mivisus is in development: there is no public service at mivisus.com yet. Where somebody else runs this software for you, they are the ones you agree with, not we.",
		],
		[
			"What the service does",
			"A program at your home, the agent, sends the pictures of the cameras that you add, and only while somebody with the right to do so is looking. Nothing is recorded: this version cannot. Sound stays off until you switch it on.",
		],
		[
			"Your account",
			"You give a name and an address that is yours, keep your password and passkeys to yourself, and tell us when somebody else has got in. You answer for what is done with your account unless you could not prevent it.",
		],
		[
			"What you must see to",
			"You tell the people whom your cameras film, for live viewing as well, and film neither the public street nor your neighbours’ ground without a right to it. At work, in shared buildings and in places open to the public further rules apply, in France among others the Code de la sécurité intérieure and the Code du travail.",
			"You do not use the service to spy on anybody, to listen to people without their knowledge, or to break the law in another way. If you do, we may close the account.",
		],
		[
			"What we promise, and what we do not",
			"We run the service with care and fix what breaks. While it is in development you get it as it is: we promise no availability, and parts of it may change or be missing. It is not an alarm system; nobody watches for you. None of this takes away rights that the law gives you: we answer for damage as French law says.",
		],
		["What it costs", "Paid plans are not offered yet. Nothing here will cost money without your agreement."],
		[
			"How it ends",
			"You may leave at any time by writing to contact@mivisus.com. We may end the service with 30 days’ notice, or at once for a grave breach of these terms. Your data is then erased as the privacy policy says.",
		],
		[
			"Changes and law",
			"A new version of these terms holds for you once you accept it. French law applies; where you live as a consumer, the protection that its law gives you stays. Mediation for consumers is not offered yet, as nothing is sold.",
		],
	],
	fr: [
		[
			"Qui nous sommes",
			"Mivisus, situé en France, transporte les images en direct de vos propres caméras jusqu’à votre propre navigateur. Vous nous joignez à contact@mivisus.com. Mivisus est en développement : il n’y a pas encore de service public à mivisus.com. Là où quelqu’un d’autre exploite ce logiciel pour vous, c’est avec lui que vous vous engagez, et non avec nous.",
		],
		[
			"Ce que fait le service",
			"Un programme installé chez vous, l’agent, envoie les images des caméras que vous ajoutez, et seulement pendant que quelqu’un qui en a le droit regarde. Rien n’est enregistré : cette version ne sait pas le faire. Le son reste coupé tant que vous ne l’activez pas.",
		],
		[
			"Votre compte",
			"Vous donnez un nom et une adresse qui sont les vôtres, gardez pour vous votre mot de passe et vos clés d’accès, et nous prévenez si quelqu’un d’autre est entré. Vous répondez de ce qui est fait avec votre compte, sauf si vous ne pouviez l’empêcher.",
		],
		[
			"Ce dont vous devez vous assurer",
			"Vous informez les personnes que filment vos caméras, y compris pour la vision en direct, et ne filmez ni la voie publique ni le terrain de vos voisins sans en avoir le droit. Au travail, dans les immeubles partagés et dans les lieux ouverts au public, d’autres règles s’appliquent, en France notamment le Code de la sécurité intérieure et le Code du travail.",
			"Vous n’utilisez le service ni pour espionner quelqu’un, ni pour écouter des personnes à leur insu, ni pour enfreindre la loi d’une autre manière. Sinon, nous pouvons fermer le compte.",
		],
		[
			"Ce que nous promettons, et ce que nous ne promettons pas",
			"Nous exploitons le service avec soin et réparons ce qui casse. Tant qu’il est en développement, vous le recevez tel quel : nous ne promettons aucune disponibilité, et des parties peuvent changer ou manquer. Ce n’est pas un système d’alarme ; personne ne surveille à votre place. Rien de cela ne vous retire les droits que la loi vous donne : nous répondons des dommages comme le prévoit le droit français.",
		],
		[
			"Ce que cela coûte",
			"Les offres payantes ne sont pas encore proposées. Rien ici ne coûtera d’argent sans votre accord.",
		],
		[
			"Comment cela finit",
			"Vous pouvez partir à tout moment en écrivant à contact@mivisus.com. Nous pouvons mettre fin au service avec un préavis de 30 jours, ou aussitôt en cas de manquement grave à ces conditions. Vos données sont alors effacées comme le dit la politique de confidentialité.",
		],
		[
			"Changements et droit applicable",
			"Une nouvelle version de ces conditions vaut pour vous lorsque vous l’acceptez. Le droit français s’applique ; la protection que vous donne, en tant que consommateur, la loi du pays où vous vivez demeure. La médiation de la consommation n’est pas encore proposée, puisque rien n’est vendu.",
		],
	],
};

export const AGREEMENT: Record<Language, Document> = {
	en: [
		[
			"Parties, subject, duration",
			"You are the controller of the pictures and sounds of people whom your cameras take; Mivisus is your processor (GDPR, article 28). The purpose is that you see your cameras from elsewhere; to that end we carry live pictures and sounds from your agent to your browser while you look, and do nothing else with them, for as long as you have an account. This agreement does not cover the data of your account, for which we are the controller: the privacy policy tells about that.",
		],
		[
			"What is carried, and of whom",
			"Live video, and sound if you switch it on, of people who come into view or earshot of your cameras: members of the household, visitors, employees, passers-by, children among them. They are held in the relay’s memory for the seconds that carrying them takes, and are not recorded, analysed or looked at.",
		],
		[
			"Your instructions",
			"We process these data only on your documented instructions: what you order in the pages, which your browser signs for your agent, and this agreement; also where European or French law obliges us, and then we tell you first if it lets us. If an instruction seems unlawful to us, we tell you. Nothing is transferred outside the European Union.",
		],
		[
			"Confidentiality and security",
			"Whoever can reach the machines is bound to confidentiality. The way from the agent to the relay and from the relay to the browser is encrypted (TLS 1.3, QUIC); each viewer needs a right that is checked and can be taken back within seconds; users and passwords of cameras are sealed to your agent. Inside your home, a camera that offers only plain RTSP is reached without encryption. End-to-end encryption of pictures is not offered yet: the relay could technically see them.",
		],
		[
			"Sub-processors",
			"You allow us in general to use sub-processors, and this one today: Amazon Web Services EMEA SARL, region Paris (eu-west-3), for the hosted service once it is offered; nobody else. You hear of a change 30 days before and may object; if we cannot do without it, you may end this agreement. A sub-processor has the same duties as we have.",
		],
		[
			"Help with rights and breaches",
			"People who are filmed turn to you; we help you answer them as far as we hold anything. We tell you of a breach without undue delay, at the latest 72 hours after we know of it, with what you need for your own notice, and help with security and with impact assessments (articles 32 to 36).",
		],
		[
			"End, proof, audits",
			"When you delete a camera or the account ends, nothing of its pictures remains with us to be deleted or returned, as nothing was stored; your account’s data is erased as the privacy policy says. You may read the code and its tests, which are under the Apache License 2.0; we answer your questions and let you, or an auditor whom you name, check this agreement.",
		],
	],
	fr: [
		[
			"Parties, objet, durée",
			"Vous êtes responsable du traitement des images et des sons des personnes que captent vos caméras ; Mivisus est votre sous-traitant (RGPD, article 28). La finalité est que vous voyiez vos caméras à distance ; pour cela, nous transportons images et sons en direct de votre agent à votre navigateur pendant que vous regardez, sans rien en faire d’autre, aussi longtemps que vous avez un compte. Cet accord ne porte pas sur les données de votre compte, dont nous sommes responsable : la politique de confidentialité en parle.",
		],
		[
			"Ce qui est transporté, et de qui",
			"De la vidéo en direct, et du son si vous l’activez, de personnes qui passent devant vos caméras ou à leur portée : membres du foyer, visiteurs, salariés, passants, dont des enfants. Ces données restent dans la mémoire du relais les quelques secondes que dure leur transport ; elles ne sont ni enregistrées, ni analysées, ni regardées.",
		],
		[
			"Vos instructions",
			"Nous ne traitons ces données que sur vos instructions documentées : ce que vous ordonnez dans les pages, et que votre navigateur signe pour votre agent, et cet accord ; ou si le droit européen ou français nous y oblige, et nous vous en prévenons alors d’abord s’il le permet. Si une instruction nous paraît illicite, nous vous le disons. Rien n’est transféré hors de l’Union européenne.",
		],
		[
			"Confidentialité et sécurité",
			"Quiconque peut atteindre les machines est tenu à la confidentialité. Le trajet de l’agent au relais et du relais au navigateur est chiffré (TLS 1.3, QUIC) ; chaque spectateur a besoin d’un droit, vérifié, qui peut être retiré en quelques secondes ; les identifiants et mots de passe des caméras sont scellés pour votre agent. À l’intérieur du domicile, une caméra qui n’offre que le RTSP simple est jointe sans chiffrement. Le chiffrement de bout en bout des images n’est pas encore proposé : le relais pourrait techniquement les voir.",
		],
		[
			"Sous-traitants ultérieurs",
			"Vous nous autorisez de façon générale à recourir à des sous-traitants ultérieurs, et aujourd’hui à celui-ci : Amazon Web Services EMEA SARL, région Paris (eu-west-3), pour le service hébergé lorsqu’il sera proposé ; personne d’autre. Vous êtes prévenu d’un changement 30 jours avant et pouvez vous y opposer ; si nous ne pouvons nous en passer, vous pouvez mettre fin à cet accord. Un sous-traitant ultérieur a les mêmes obligations que nous.",
		],
		[
			"Aide pour les droits et les violations",
			"Les personnes filmées s’adressent à vous ; nous vous aidons à leur répondre dans la mesure où nous détenons quelque chose. Nous vous informons d’une violation dans les meilleurs délais, au plus tard 72 heures après en avoir pris connaissance, avec ce qu’il faut pour votre propre notification, et vous aidons pour la sécurité et les analyses d’impact (articles 32 à 36).",
		],
		[
			"Fin, preuves, audits",
			"Quand vous supprimez une caméra ou que le compte prend fin, il ne reste chez nous rien de ses images à supprimer ou à rendre, puisque rien n’a été conservé ; les données de votre compte sont effacées comme le dit la politique de confidentialité. Vous pouvez lire le code et ses tests, sous licence Apache 2.0 ; nous répondons à vos questions et vous laissons, à vous ou à un auditeur que vous désignez, vérifier cet accord.",
		],
	],
};
