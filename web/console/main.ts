// The operators' page starts here.
import '$shared/design/tokens.css';
import '$shared/design/control-room.css';
import '$shared/design/base.css';
import './console.css';
import { mount } from 'svelte';
import App from './App.svelte';

const page = document.getElementById('page');
if (page) mount(App, { target: page });
