console.error("nothing to build yet");
