import type { CommandModule } from 'yargs';
import { inventorySchemaJson } from '../../config/json-schema.ts';
import { out } from '../io.ts';

export const schemaCommand: CommandModule = {
  command: 'schema',
  describe: 'The JSON Schema of the inventory, for editors',
  builder: (y) => y,
  handler: () => out.data(inventorySchemaJson()),
};
