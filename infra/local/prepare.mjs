#!/usr/bin/env node
// What `npm run check` and `npm test` need before they can begin: on a fresh clone there is neither a node_modules folder nor a build.
import { build, installWhatIsMissing, requireNode } from './toolchain.mjs';

requireNode();
installWhatIsMissing();
build();
