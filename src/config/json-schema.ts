import { z } from 'zod';
import { inventorySchema } from './schema.ts';

/** JSON Schema (draft 7) of inventory files, for editors: what docs/inventory.schema.json holds. */
export function inventorySchemaJson(): string {
  const schema = z.toJSONSchema(inventorySchema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
