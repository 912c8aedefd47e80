#!/usr/bin/env node
// In the sources, so that npm finds it, and marks it as a program, before the first build.
import './dist/cli.js';
