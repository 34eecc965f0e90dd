/** What each wrong inventory beside this file must print, letter by letter. */
export const SHAPE: ReadonlyMap<string, string> = new Map([
  [
    'bad-cordon.yaml',
    `
error PD2016: reason is missing in a cordon
  bad-cordon.yaml:2:14  hosts.edge-01.cordon.reason
    2 |   edge-01: { cordon: { until: 2026-02-30 } }
      |              ^^^^^^
error PD2015: until must be a date such as 2026-12-01, not "2026-02-30"
  bad-cordon.yaml:2:31  hosts.edge-01.cordon.until
    2 |   edge-01: { cordon: { until: 2026-02-30 } }
      |                               ^^^^^^^^^^
error PD2014: unknown key "til" in a cordon
  bad-cordon.yaml:3:38  hosts.edge-02.cordon.til
    3 |   edge-02: { cordon: { reason: disk, til: 2026-12-01 } }
      |                                      ^^^ did you mean "until"?
error PD2015: cordon must be a mapping, not "yes"
  bad-cordon.yaml:4:22  hosts.edge-03.cordon
    4 |   edge-03: { cordon: yes }
      |                      ^^^
4 problems. Nothing was contacted.
`,
  ],
  [
    'bad-list.yaml',
    `
error PD2015: hosts must be a list of hosts, not "edge-01"
  bad-list.yaml:2:18  groups.edge.hosts
    2 |   edge: { hosts: edge-01 }
      |                  ^^^^^^^
1 problem. Nothing was contacted.
`,
  ],
  [
    'bad-pin.yaml',
    `
error PD2015: host_key must be a fingerprint: SHA256: and 43 characters, not "MD5:16:27:ac"
  bad-pin.yaml:2:24  hosts.edge-01.host_key
    2 |   edge-01: { host_key: "MD5:16:27:ac" }
      |                        ^^^^^^^^^^^^^^
error PD2015: host_key[1] must be a fingerprint: SHA256: and 43 characters, not "SHA256:short"
  bad-pin.yaml:6:9  hosts.edge-02.host_key[1]
    6 |       - SHA256:short
      |         ^^^^^^^^^^^^
2 problems. Nothing was contacted.
`,
  ],
  [
    'bad-port.yaml',
    `
error PD2015: port must be a whole number from 1 to 65535, not "ssh"
  bad-port.yaml:2:20  hosts.edge-01.port
    2 |   edge-01: { port: ssh }
      |                    ^^^
error PD2015: port must be a whole number from 1 to 65535, not 70000
  bad-port.yaml:3:20  hosts.edge-02.port
    3 |   edge-02: { port: 70000 }
      |                    ^^^^^
error PD2015: port must be a whole number from 1 to 65535, not "22"
  bad-port.yaml:4:20  hosts.edge-03.port
    4 |   edge-03: { port: "22" }
      |                    ^^^^
3 problems. Nothing was contacted.
`,
  ],
  [
    'bad-service-names.yaml',
    `
error PD2017: "Edge" is not a name for a service
  bad-service-names.yaml:3:3  services.Edge
    3 |   Edge: { on: all }
      |   ^^^^ lower-case letters, digits and dashes, beginning with a letter, 32 at most
error PD2017: "A B" is not a name for an instance
  bad-service-names.yaml:4:33  services.edge.instances.A B
    4 |   edge: { on: all, instances: { "A B": {} } }
      |                                 ^^^^^ lower-case letters, digits and dashes, not beginning with a dash, 32 at most; not releases, undo, lease or epoch
2 problems. Nothing was contacted.
`,
  ],
  [
    'bad-transport.yaml',
    `
error PD2015: transport must be auto, ssh2 or openssh, not "paramiko"
  bad-transport.yaml:1:24  defaults.transport
    1 | defaults: { transport: paramiko }
      |                        ^^^^^^^^
1 problem. Nothing was contacted.
`,
  ],
  [
    'bad-var-name.yaml',
    `
error PD2017: "1st" is not a name for a variable
  bad-var-name.yaml:1:9  vars.1st
    1 | vars: { 1st: a, "with space": b }
      |         ^^^ letters, digits, dots, dashes and _, beginning with a letter or _
error PD2017: "with space" is not a name for a variable
  bad-var-name.yaml:1:17  vars.with space
    1 | vars: { 1st: a, "with space": b }
      |                 ^^^^^^^^^^^^ letters, digits, dots, dashes and _, beginning with a letter or _
error PD2015: vars must be a mapping, not a list
  bad-var-name.yaml:2:27  hosts.edge-01.vars
    2 | hosts: { edge-01: { vars: [a] } }
      |                           ^^^
3 problems. Nothing was contacted.
`,
  ],
  [
    'list-item.yaml',
    `
error PD2015: hosts[1] must be a host or a range of hosts, not 2
  list-item.yaml:2:28  groups.edge.hosts[1]
    2 |   edge: { hosts: [edge-01, 2] }
      |                            ^
1 problem. Nothing was contacted.
`,
  ],
  [
    'long-line.yaml',
    `
error PD2014: unknown key "zoone" in a host
  long-line.yaml:2:115  hosts.edge-01.zoone
    2 | ...e", second: "another long text that fills the line" }, zoone: a, vars2: { third: "more text" } }
      |                                                           ^^^^^ did you mean "zone"?
error PD2014: unknown key "vars2" in a host
  long-line.yaml:2:125  hosts.edge-01.vars2
    2 | ...e", second: "another long text that fills the line" }, zoone: a, vars2: { third: "more text" } }
      |                                                                     ^^^^^ did you mean "vars"?
2 problems. Nothing was contacted.
`,
  ],
  [
    'not-a-mapping.yaml',
    `
error PD2015: an inventory must be a mapping, not a list
  not-a-mapping.yaml:1:1
    1 | - edge-01
      | ^^^^^^^^^
1 problem. Nothing was contacted.
`,
  ],
  [
    'ui-example.yaml',
    `
error PD2014: unknown key "prot" in a host
  ui-example.yaml:6:5  hosts.edge-01.prot
    6 |     prot: 2222
      |     ^^^^ did you mean "port"?
error PD2031: two hosts have the same address 198.51.100.7:22
  ui-example.yaml:9:14 edge-02, also :12:14 edge-03
2 problems. Nothing was contacted.
`,
  ],
  [
    'unknown-ansible-key.yaml',
    `
error PD2014: unknown key "ansible_host" in a host
  unknown-ansible-key.yaml:2:14  hosts.edge-01.ansible_host
    2 |   edge-01: { ansible_host: 198.51.100.1, ansible_become: true }
      |              ^^^^^^^^^^^^ did you mean "address"?
error PD2014: unknown key "ansible_become" in a host
  unknown-ansible-key.yaml:2:42  hosts.edge-01.ansible_become
    2 |   edge-01: { ansible_host: 198.51.100.1, ansible_become: true }
      |                                          ^^^^^^^^^^^^^^
2 problems. Nothing was contacted.
`,
  ],
  [
    'unknown-section.yaml',
    `
error PD2014: unknown key "host" in an inventory
  unknown-section.yaml:1:1  host
    1 | host:
      | ^^^^ did you mean "hosts"?
1 problem. Nothing was contacted.
`,
  ],
]);
