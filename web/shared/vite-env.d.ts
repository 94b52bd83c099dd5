// Lets TypeScript see what Vite's own imports are.
/// <reference types="vite/client" />
declare module '*.css';
