/* Last of the comparison's scripts: all sections are known by now. */
gitrack.compare.start();
