/** What a person reads, in the languages of the service. */
export interface Words {
	en: string;
	fr: string;
}
