/** GitHub Actions: types on every push, and the plan for staging on pull requests of the project itself. */
export function workflowFile(): string {
  return `name: pdeploy
on:
  push: { branches: [main] }
  pull_request:

permissions:
  contents: read

jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - run: npm ci
      - run: npm run check

  # Shows what a rollout would do; changes nothing. Needs two secrets: a key that may log in to the hosts, and the
  # host keys as \`ssh-keyscan\` prints them, compared by you with the hosts' own.
  plan:
    needs: check
    if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - run: npm ci
      - name: Key and host keys
        env:
          KEY: \${{ secrets.PDEPLOY_SSH_KEY }}
          KNOWN_HOSTS: \${{ secrets.PDEPLOY_KNOWN_HOSTS }}
        run: |
          install -d -m 700 ~/.ssh
          (umask 077; printf '%s\\n' "$KEY" > ~/.ssh/id_ed25519)
          printf '%s\\n' "$KNOWN_HOSTS" > ~/.ssh/known_hosts
      - run: npx pdeploy plan -i staging --diff --no-input
`;
}
