/** An inventory with two hosts, to be edited. The first line gives editors completion and checks. */
export function inventoryFile(service: string): string {
  return `# yaml-language-server: $schema=../node_modules/pdeploy/docs/inventory.schema.json

# Where ${service} runs. Replace the addresses, then: pdeploy hosts trust -i staging, pdeploy plan -i staging
defaults:
  user: deploy

groups:
  ${service}:
    hosts: [${service}-01, ${service}-02]
    vars:
      # The binary that is rolled out, relative to the project.
      binary: ./build/${service}
      workers: 2

hosts:
  ${service}-01: { address: 192.0.2.11, zone: a }
  ${service}-02: { address: 192.0.2.12, zone: b }

services:
  ${service}:
    on: ${service}
    instances:
      "1": { port: 8080 }
`;
}
