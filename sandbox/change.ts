/** A change of an account that this stand-in does not know, or of something that is not there. */
export class InvalidChange extends Error {}
