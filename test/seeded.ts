import fc from 'fast-check';

/** What is drawn at random is drawn anew each time, unless `npm test` or a person says by which seed. */
const seed = process.env.PDEPLOY_TEST_SEED;
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
