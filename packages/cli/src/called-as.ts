/** How the user called the command line: what the help and its examples begin with, and what else answers to that name. */

export interface CalledAs {
  readonly name: string;
  /** Commands of the same program that are not among the command line's own. */
  readonly others?: readonly { readonly name: string; readonly text: string }[];
}

export const PLAIN_NAME: CalledAs = { name: 'ringkeep' };
