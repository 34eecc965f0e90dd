import { z } from 'zod';

/** A host of the inventory, or a group. */
export const hostField = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected a host or group of the inventory');

export const urlField = z
  .string()
  .refine(
    (url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && new URL(url).password === '',
    'expected an http or https URL without a password in it',
  );
